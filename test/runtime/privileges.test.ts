import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { type CapabilityName, NEEDED_CAPABILITIES } from '../../src/kernel/process/capabilities.js';
import { Daemon, FRONT, MAIN, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 4\n';
const SPEC = JSON.stringify({ linux: { namespaces: [{ type: 'network' }] } });
const STRANGER = 4711;
/** The daemon has the same capabilities whichever program it was started by. */
const PROGRAMS = { 'the native program': [FRONT], 'Node.js': [process.execPath, MAIN] };

/** The words of a status file that say what a thread may do. */
function powersOf(status: string): Record<string, string> {
  return Object.fromEntries(
    [...status.matchAll(/^(Cap\w+|NoNewPrivs):\s*(\S+)$/gm)].map(([, name, value]) => [name, value]),
  );
}

/** By the mask that capsh(1) prints for the names. */
async function maskOf(names: readonly string[]): Promise<string> {
  const { stdout } = await execa('setpriv', [
    '--bounding-set',
    `-all,${names.map(setprivName).join(',')}`,
    'cat',
    '/proc/self/status',
  ]);
  return powersOf(stdout)['CapBnd'] as string;
}

function setprivName(name: string, position?: number): string {
  return `${position === undefined ? '-' : '+'}${name.slice('CAP_'.length).toLowerCase()}`;
}

function without(name: string): string[] {
  return ['setpriv', '--bounding-set', setprivName(name), '--inh-caps', setprivName(name)];
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  t.test(
    `every thread of the daemon has exactly the capabilities that it needs, and can gain none (${name})`,
    async (t) => {
      await using daemon = await startDaemon(t, POOL, { program });
      await daemon.acquire('--id', 'one');
      const mask = await maskOf(Object.keys(NEEDED_CAPABILITIES));
      const tasks = readdirSync(`/proc/${daemon.pid}/task`);
      t.ok(tasks.length > 5, `${tasks.length} threads`);
      for (const task of tasks) {
        t.same(
          powersOf(readFileSync(`/proc/${daemon.pid}/task/${task}/status`, 'utf8')),
          {
            CapInh: '0'.repeat(16),
            CapPrm: mask,
            CapEff: mask,
            CapBnd: mask,
            CapAmb: '0'.repeat(16),
            NoNewPrivs: '1',
          },
          `thread ${task}`,
        );
      }
    },
  );

  t.test(`a user other than root runs the daemon with the ambient capabilities that it needs (${name})`, async (t) => {
    const names = Object.keys(NEEDED_CAPABILITIES).map(setprivName).join(',');
    const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
    chownSync(folder, STRANGER, STRANGER);
    await using daemon = new Daemon(folder, t);
    daemon.program = program;
    writeFileSync(daemon.configFile, POOL);
    const user = ['--reuid', String(STRANGER), '--regid', String(STRANGER), '--clear-groups'];
    daemon.start(['setpriv', ...user, '--inh-caps', names, '--ambient-caps', names]);
    await daemon.answers();
    await daemon.filled();
    const powers = powersOf(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'));
    const mask = await maskOf(Object.keys(NEEDED_CAPABILITIES));
    t.same(powers, {
      CapInh: mask,
      CapPrm: mask,
      CapEff: mask,
      CapBnd: powers['CapBnd'],
      CapAmb: mask,
      NoNewPrivs: '1',
    });
    t.ok(await daemon.acquire('--id', 'one'));
    await daemon.stop();
  });
}

/** A bundle in a folder of `owner`'s with `mode`, whose config.json is `owner`'s too. */
function bundleOf(owner: number, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  writeFileSync(join(folder, 'config.json'), SPEC, { mode: 0o640 });
  chownSync(join(folder, 'config.json'), owner, owner);
  chmodSync(folder, mode);
  if (mode === 0o700) chownSync(folder, owner, owner);
  return folder;
}

async function patches(daemon: Daemon, folder: string, id: string): Promise<boolean> {
  const before = lstatSync(join(folder, 'config.json'));
  const { status } = await daemon.send('POST', '/v1/oci/patch', { bundle: folder, containerId: id });
  const after = lstatSync(join(folder, 'config.json'));
  const kept = after.uid === before.uid && after.gid === before.gid && after.mode === before.mode;
  if (!kept) throw new Error('owner or mode of config.json has changed');
  return status === 200 && after.ino !== before.ino;
}

/** Whether a daemon that starts finds out that a process of more rights than its own stands in a ready endpoint. */
async function seesStranger(daemon: Daemon, wrapper: readonly string[]): Promise<boolean> {
  const [name = ''] = readdirSync(join(daemon.stateDir, 'netns/'));
  const path = join(daemon.stateDir, 'netns', name);
  await daemon.stop('SIGKILL');
  const stranger = spawn('nsenter', [
    `--net=${path}`,
    'setpriv',
    '--reuid',
    String(STRANGER),
    '--clear-groups',
    'sleep',
    '1000',
  ]);
  try {
    await eventually('the stranger is inside', () => {
      return readFileSync(`/proc/${stranger.pid}/comm`, 'utf8') === 'sleep\n';
    });
    daemon.start(wrapper);
    await daemon.answers();
    await daemon.filled();
    const id = name.slice(0, name.lastIndexOf('.'));
    return !existsSync(join(daemon.stateDir, 'ready', `${id}.json`));
  } finally {
    stranger.kill('SIGKILL');
  }
}

/** What a capability makes possible, done on a daemon that was started with `wrapper`: whether it was possible. */
const DEEDS: Record<
  Exclude<CapabilityName, 'CAP_NET_ADMIN' | 'CAP_SYS_ADMIN' | 'CAP_SYS_CHROOT'>,
  (daemon: Daemon, wrapper: readonly string[]) => Promise<boolean>
> = {
  CAP_CHOWN: (daemon) => patches(daemon, bundleOf(STRANGER, 0o755), 'chown'),
  CAP_DAC_OVERRIDE: (daemon) => patches(daemon, bundleOf(STRANGER, 0o700), 'dac'),
  CAP_SYS_PTRACE: seesStranger,
};

for (const [name, deed] of Object.entries(DEEDS)) {
  t.test(`${name} is needed for what is said of it, and missing it is said once at the start`, async (t) => {
    await using whole = await startDaemon(t, POOL);
    t.ok(await deed(whole, []), 'with it');
    t.notMatch(whole.log(), `lacks ${name}`);
    await whole.stop();
    await using daemon = await startDaemon(t, POOL.replaceAll('10.213', '10.214'), { wrapper: without(name) });
    t.notOk(await deed(daemon, without(name)), 'without it');
    t.match(daemon.log(), `lacks ${name}`);
    t.ok(await daemon.acquire('--id', 'other'), 'the rest works');
  });
}

for (const name of ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']) {
  t.test(`without ${name} the daemon says so in one line and does not start`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
    mkdirSync(join(folder, 'x'));
    const daemon = new Daemon(folder, t);
    writeFileSync(daemon.configFile, POOL);
    const { exitCode } = await daemon.start(without(name));
    t.equal(exitCode, 1);
    t.match(
      daemon.log(),
      new RegExp(`^netnsd: netnsd lacks ${name} \\(to .*\\): give it to this container or service\n$`),
    );
    t.same(readdirSync(folder).sort(), ['log', 'netnsd.toml', 'x'], 'nothing was made');
  });
}
