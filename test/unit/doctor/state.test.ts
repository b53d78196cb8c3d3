import fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseConfig } from '../../../src/config/read.js';
import { HostFiles } from '../../../src/doctor/host-files.js';
import type { Machine } from '../../../src/doctor/machine.js';
import { answering } from './daemon-status.js';
import { machineOf, runOnce } from './machine.js';

/** A machine whose state directory is a real folder: ownership and sockets are not to be had otherwise. */
function stateOf(t: Test, more: Partial<Machine> = {}): Machine & { dir: string } {
  const top = fs.mkdtempSync(join(fs.realpathSync('/tmp'), 'state-'));
  t.teardown(() => fs.rmSync(top, { recursive: true, force: true }));
  const dir = join(top, 'state');
  fs.mkdirSync(dir, { mode: 0o700 });
  const place = { stateDir: dir, socketPath: join(dir, 'netnsd.sock'), configPath: null };
  const site = { instanceId: 'df5c', identity: 'boot /df5c', stateDir: dir, netnsDir: join(dir, 'links') };
  const euid = process.geteuid?.() ?? 0;
  return { ...machineOf(t), files: new HostFiles(), place, site, euid, ...more, dir };
}

async function listen(t: Test, path: string, mode: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  fs.chmodSync(path, mode);
  t.teardown(() => server.close());
}

t.test('a state directory that others may change fails, as the daemon would refuse it', async (t) => {
  const machine = stateOf(t);
  t.match(runOnce('state-directory', machine), { status: 'ok' });
  fs.mkdirSync(join(machine.dir, 'leased'), { mode: 0o700 });
  fs.chmodSync(join(machine.dir, 'leased'), 0o777);
  t.match(runOnce('state-directory', machine), { status: 'fail', message: /leased has mode 0777.*chmod 700/ });
  fs.chmodSync(join(machine.dir, 'leased'), 0o700);
  fs.chmodSync(machine.dir, 0o770);
  t.match(runOnce('state-directory', machine), { status: 'fail', message: /state has mode 0770/ });
  fs.chmodSync(machine.dir, 0o700);
  fs.chmodSync(join(machine.dir, '..'), 0o777);
  t.match(runOnce('state-directory', machine), { status: 'fail', message: /others may replace/ });
  fs.chmodSync(join(machine.dir, '..'), 0o755);
  t.match(runOnce('state-directory', machine), { status: 'ok' });
});

t.test('a symlink, a file and a folder of another user fail; a missing directory can be created', async (t) => {
  const machine = stateOf(t);
  fs.rmdirSync(machine.dir);
  t.match(runOnce('state-directory', machine), { status: 'ok', message: /can be created/ });
  fs.symlinkSync('/tmp', machine.dir);
  t.match(runOnce('state-directory', machine), { status: 'fail', message: /is a symlink/ });
  fs.unlinkSync(machine.dir);
  fs.writeFileSync(machine.dir, '');
  t.match(runOnce('state-directory', machine), { status: 'fail', message: /is not a directory/ });
});

t.test('the places of the socket and of netns_dir are checked too', async (t) => {
  const machine = stateOf(t);
  const open = join(machine.dir, '..', 'open');
  fs.mkdirSync(open);
  fs.chmodSync(open, 0o777);
  const place = { ...machine.place, socketPath: join(open, 's') };
  t.match(runOnce('state-directory', { ...machine, place }), { status: 'fail', message: /open has mode 0777/ });
});

t.test('the socket: its mode and its group', async (t) => {
  const machine = stateOf(t);
  const socket = machine.place.socketPath;
  t.match(runOnce('socket', machine), { status: 'ok', message: /there is no/ });
  fs.writeFileSync(socket, '');
  t.match(runOnce('socket', machine), { status: 'fail', message: /is not a socket/ });
  fs.unlinkSync(socket);
  await listen(t, socket, 0o600);
  t.match(runOnce('socket', machine), { status: 'ok', message: /0600$/ });
  fs.chmodSync(socket, 0o666);
  t.match(runOnce('socket', machine), { status: 'fail', advice: `chmod o-rwx ${socket}` });
  fs.chmodSync(socket, 0o660);
  t.match(runOnce('socket', machine), { status: 'warn', message: /0660, the configuration says 0600/ });
  const settings = (source: string) => ({
    config: { ok: true, value: parseConfig({ source, file: 'f' }) } as const,
  });
  t.match(runOnce('socket', { ...machine, ...settings('socket_group = "99999"\n') }), {
    status: 'warn',
    advice: /^chgrp 99999 /,
  });
  const { gid } = fs.statSync(socket);
  t.match(runOnce('socket', { ...machine, ...settings(`socket_group = "${gid}"\n`) }), { status: 'ok' });
  t.match(runOnce('socket', { ...machine, ...settings('socket_group = "root"\n') }), {
    status: gid === 0 ? 'ok' : 'warn',
  });
  fs.chmodSync(socket, 0o620);
  t.match(runOnce('socket', { ...machine, ...settings('socket_mode = "0620"\n') }), { status: 'ok' });
  const invalid = { config: { ok: false, error: new Error('no') } as const };
  t.match(runOnce('socket', { ...machine, ...invalid }), { status: 'ok' });
});

t.test('files that were set aside are counted', async (t) => {
  t.match(runOnce('set-aside', machineOf(t)), { status: 'ok' });
  t.match(runOnce('set-aside', machineOf(t, { '/run/netnsd/set-aside/x': '' })), {
    status: 'warn',
    message: /^1 files .* x$/,
  });
});

t.test('leftovers of a dead daemon are reported with both ways out', async (t) => {
  t.match(runOnce('leftover', machineOf(t)), { status: 'ok', message: /nothing was left behind/ });
  t.match(runOnce('leftover', machineOf(t, {}, { daemon: answering() })), { status: 'ok' });
  const files = {
    '/run/netnsd/lock': '4711\n',
    '/run/netnsd/leased/default-1.json': '{}',
    '/proc/locks': '',
    '/run/netnsd/netns': '-> /proc/4712/root/netns',
    '/proc/4712/root/ns/default-1': '',
  };
  t.match(runOnce('leftover', machineOf(t, files)), {
    status: 'warn',
    message: 'no daemon is running; 1 mounted namespaces and 1 records are left',
    advice: /netnsd serve .*netnsd down/,
  });
});

t.test('the pid of a daemon that holds the lock and does not answer is reported', async (t) => {
  const lock = { '/run/netnsd/lock': '4711\n' };
  const machine = machineOf(t, lock);
  const { dev, ino } = machine.files.stats('/run/netnsd/lock') as fs.Stats;
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  const device = `${hex((dev >> 8) & 0xfff)}:${hex((dev & 0xff) | ((dev >> 12) & 0xfff00))}`;
  const locked = (text: string) => {
    fs.mkdirSync(join(t.testdirName, 'proc'), { recursive: true });
    fs.writeFileSync(join(t.testdirName, 'proc', 'locks'), text);
    return machine;
  };
  const held = `1: FLOCK  ADVISORY  WRITE 4711 ${device}:${ino} 0 EOF\n`;
  t.match(runOnce('leftover', locked(held)), { status: 'fail', message: /pid 4711/, advice: /--socket/ });
  t.match(runOnce('leftover', locked(held.replace('FLOCK', 'POSIX'))), { message: /nothing was left behind/ });
  const forbidden = { answers: false, forbidden: true, why: 'no permission' } as const;
  t.match(runOnce('leftover', { ...locked(held), daemon: forbidden }), {
    status: 'ok',
    message: /seems to be running/,
  });
});

t.test('locks are found by device and inode as the kernel writes them', async (t) => {
  const machine = stateOf(t);
  const { FileLock } = await import('../../../src/kernel/file-lock.js');
  using _lock = FileLock.acquire(join(machine.dir, 'lock'));
  t.match(runOnce('leftover', machine), { status: 'fail', message: new RegExp(`pid ${process.pid}\\)`) });
});
