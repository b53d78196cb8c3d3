import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execaSync } from 'execa';
import t, { type Test } from 'tap';
import { publishPath } from '../../src/kernel/netns/lease-paths.js';
import { createNetns, NetnsHandle } from '../../src/kernel/netns/netns.js';
import { netnsHolders } from '../../src/kernel/netns/netns-holders.js';
import { Vault } from '../../src/kernel/netns/vault.js';
import { eventually } from '../runtime/eye.js';
import { fakeHost } from './fake-host.js';

/** A namespace in a vault, the path of its lease, and who holds it in the product's words. */
function namespace(t: Test, { self = 0 } = {}) {
  const vault = Vault.open(fakeHost(t).site.stateDir);
  t.teardown(() => vault.close());
  using home = NetnsHandle.open();
  const { handle, inode } = vault.within(() => createNetns({ path: vault.mountPoint('x-1'), home, act: () => null }));
  handle.close();
  const path = publishPath(vault, 'x-1');
  const held = async () => {
    const holders = await netnsHolders({ inodes: new Set([inode]), vaultInode: vault.inode, self });
    t.ok(
      [...holders.keys()].every((one) => one === inode),
      'nothing is told of other namespaces',
    );
    return [...(holders.get(inode) ?? [])].sort();
  };
  return { path, inode, held, vaultInode: vault.inode };
}

/** Runs a shell that says `ready` when it is, and then waits; it ends with the test, or when it is told to. */
async function start(t: Test, script: string): Promise<ChildProcess> {
  const child = spawn('bash', ['-c', `${script}\necho ready; exec sleep 600`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return child;
}

/** A process inside. */
async function enter(t: Test, path: string): Promise<ChildProcess> {
  const child = spawn('nsenter', [`--net=${path}`, 'sleep', '600'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await eventually('it sleeps inside', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

t.test('a namespace that is only mounted at its own path has no holder', async (t) => {
  t.same(await namespace(t).held(), []);
});

t.test('a process inside is told, and no more once it has ended', async (t) => {
  const { path, held } = namespace(t);
  const child = await enter(t, path);
  t.match(await held(), [`process ${child.pid} (sleep) is inside`]);
  await end(child);
  t.same(await held(), []);
});

t.test('an open file is told, whatever it was opened by', async (t) => {
  const { path, held } = namespace(t);
  const byMount = await start(t, `exec 7<${path}`);
  t.match(await held(), [new RegExp(`^process ${byMount.pid} \\(\\w+\\) has it open$`)], 'by the path of its mount');
  await end(byMount);
  const inside = await enter(t, path);
  const byProcess = await start(t, `exec 7</proc/${inside.pid}/ns/net`);
  await end(inside);
  t.match(await held(), [new RegExp(`^process ${byProcess.pid} \\(\\w+\\) has it open$`)], "by a process's own entry");
  await end(byProcess);
  t.same(await held(), []);
});

t.test('the one who asks is left out', async (t) => {
  const { path, vaultInode } = namespace(t);
  const other = await start(t, `exec 7<${path}`);
  const inodes = new Set([statSync(path).ino]);
  const ask = (self: number) => netnsHolders({ inodes, vaultInode, self });
  t.equal((await ask(other.pid as number)).size, 0);
  t.equal((await ask(process.pid)).size, 1);
});

t.test('a mount elsewhere is told, in any mount namespace', async (t) => {
  const { path, held } = namespace(t);
  const target = `/run/elsewhere-${process.pid}`;
  writeFileSync(target, '');
  execaSync('mount', ['--bind', path, target]);
  t.same(await held(), [`it is mounted at ${target}`]);
  execaSync('umount', [target]);
  rmSync(target);
  t.same(await held(), []);
  const folder = `/run/hidden-${process.pid}`;
  mkdirSync(folder);
  const mount = `touch ${folder}/netns && mount --bind ${path} ${folder}/netns; echo ready; exec sleep 600`;
  const hidden = await start(t, `exec unshare --mount --propagation private bash -c '${mount}'`);
  t.same(await held(), [`it is mounted at ${folder}/netns`], 'not seen elsewhere');
  await end(hidden);
  t.same(await held(), []);
});

t.test('many namespaces are told apart in one walk', async (t) => {
  const all = Array.from({ length: 20 }, () => namespace(t).path);
  const inodes = all.map((path) => statSync(path).ino);
  const child = await start(t, `exec 7<${all[3]} 8<${all[11]}`);
  const holders = await netnsHolders({ inodes: new Set(inodes), vaultInode: 0, self: process.pid });
  const told = [...holders]
    .filter(([, words]) => words.some((word) => word.startsWith('process')))
    .map(([inode]) => inode);
  t.same(told.sort(), [inodes[3], inodes[11]].sort());
  t.match(holders.get(inodes[3] as number)?.at(-1), new RegExp(`^process ${child.pid} `));
});
