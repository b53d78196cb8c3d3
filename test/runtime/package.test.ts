import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { assertSandbox } from '../guard.js';
import { eventually, links } from './eye.js';

const PACKAGE = fileURLToPath(new URL('../../../native-scripts/package/package.sh', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../test/runtime/package-root.sh', import.meta.url));
const DOCS = fileURLToPath(new URL('../../../docs/reference.md', import.meta.url));

/** The package, and the same with the next revision. */
async function build(t: Test): Promise<readonly [string, string]> {
  const folder = mkdtempSync(join(tmpdir(), 'deb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const first = (await execa('bash', [PACKAGE, '--fast', '--output', folder])).stdout;
  const tree = join(folder, 'tree');
  await execa('dpkg-deb', ['--raw-extract', first, tree]);
  const control = join(tree, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^(Version: .*)-1$/m, '$1-2'));
  const second = first.replace('-1_', '-2_');
  await execa('dpkg-deb', ['-Zgzip', '-z1', '--build', tree, second]);
  return [first, second];
}

/** A copy-on-write view of this machine's file system, in which packages are installed. */
async function openRoot(t: Test) {
  assertSandbox();
  const folder = mkdtempSync(join(tmpdir(), 'root-'));
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'bash', ROOT, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  const [said] = await once(holder.stdout, 'data');
  t.equal(String(said), 'furnished\n');
  const { NODE_OPTIONS: _, ...env } = process.env;
  env.PATH = `${dirname(process.execPath)}:${env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
  const run = (command: readonly string[], more: Record<string, string> = {}) =>
    execa('nsenter', [`--target=${holder.pid}`, '--mount', ...command], {
      env: { ...env, ...more },
      extendEnv: false,
      reject: false,
    });
  const dpkg = (words: readonly string[], more: Record<string, string> = {}) =>
    // The dependencies may have come to this machine by other ways than packages.
    run(['dpkg', '--force-unsafe-io', '--force-depends', '--force-confold', '--no-triggers', ...words], more);
  return {
    run,
    dpkg,
    async install(deb: string, how: RegExp) {
      copyFileSync(deb, join('/run', basename(deb)));
      const { exitCode, stdout, stderr } = await dpkg(['--install', join('/run', basename(deb))]);
      t.equal(exitCode, 0, stderr);
      t.match(`${stdout}${stderr}`, how);
    },
    daemon() {
      const child = execa('nsenter', [`--target=${holder.pid}`, '--mount', '/usr/bin/netnsd', 'serve'], {
        env,
        extendEnv: false,
        reject: false,
      });
      t.teardown(() => child.kill('SIGKILL'));
      return child;
    },
  };
}

const [first, second] = await build(t);

t.test('the package is installed, upgraded, downgraded and removed, and leases stand until then', async (t) => {
  const root = await openRoot(t);
  await root.install(first, /Setting up netnsd \(.*-1\)/);
  t.equal((await root.run(['getent', 'group', 'netnsd'])).exitCode, 0, 'sysusers made the group');
  const wanted = '/etc/systemd/system/multi-user.target.wants/netnsd.service';
  t.match((await root.run(['readlink', wanted])).stdout, /systemd\/system\/netnsd\.service$/, 'the service is enabled');
  t.equal(
    (await root.run(['ls', '/etc/netnsd', '/etc/cni/net.d/10-netnsd.conflist'])).stdout,
    '/etc/netnsd:',
    'no live configuration',
  );

  const daemon = root.daemon();
  const netnsd = async (...words: string[]) => {
    const { exitCode, stdout, stderr } = await root.run(['netnsd', ...words]);
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  };
  await eventually('the daemon of the package answers', () => netnsd('status').then(Boolean, () => false));
  const path = await netnsd('acquire', '--id', 'web', '--path');
  const user = execa('nsenter', [`--net=${path}`, 'sleep', 'infinity'], { reject: false });
  t.teardown(() => user.kill('SIGKILL'));
  const inode = (await root.run(['stat', '-Lc%i', path])).stdout;
  await eventually('a process is inside', async () =>
    (await execa('readlink', [`/proc/${user.pid}/ns/net`], { reject: false })).stdout.includes(inode),
  );

  for (const [deb, how] of [
    [second, /Unpacking netnsd \(.*-2\) over/],
    [first, /downgrading netnsd/],
  ] as const) {
    await root.install(deb, how);
    t.match(await netnsd('list', '--id', 'web'), path, 'the lease stands');
  }

  const refused = await root.dpkg(['--remove', 'netnsd']);
  t.not(refused.exitCode, 0);
  t.match(refused.stderr, /in use: web .*netnsd is not removed: .*NETNSD_FORCE_REMOVE=1/s);
  t.match(await netnsd('list', '--id', 'web'), path, 'nothing was stopped');

  const removed = await root.dpkg(['--remove', 'netnsd'], { NETNSD_FORCE_REMOVE: '1' });
  t.equal(removed.exitCode, 0, removed.stderr);
  await daemon;
  t.equal((await root.dpkg(['--purge', 'netnsd'])).exitCode, 0);
  t.same(
    (await links()).map(({ ifname }) => ifname),
    ['lo'],
  );
  t.notOk(existsSync('/run/netnsd'));
  t.not((await root.run(['getent', 'group', 'netnsd'])).exitCode, 0, 'the group is gone');
  // What dpkg keeps for itself has the name in it, and nothing else.
  const left = await root.run(['find', '/mnt', '-name', '*netnsd*', '!', '-type', 'c']);
  t.equal(left.stdout, '');
});

t.test(
  'the package has what the manual says, and nothing outside of /usr but the folder for its configuration',
  async (t) => {
    const { stdout } = await execa('dpkg-deb', ['--contents', first]);
    const files = stdout.split('\n').map((line) => / \.(\/.*?)( -> |$)/.exec(line)?.[1] as string);
    t.ok(files.length > 500);
    t.same(
      files.filter((file) => !/^\/(usr\/|etc\/(netnsd\/)?|$)/.test(`${file}`) && file !== '/usr'),
      [],
    );
    const [, table = ''] = /### The Debian package\n([\s\S]*)/.exec(readFileSync(DOCS, 'utf8')) ?? [];
    const named = [...table.matchAll(/^\| `(\/\S+?)`/gm)].map(([, file]) => file as string);
    t.ok(named.length > 8, 'the manual names files');
    for (const file of named) t.ok(files.includes(file) || files.includes(`${file}/`), file);
    const control = (await execa('dpkg-deb', ['--field', first])).stdout;
    t.match(control, /^Depends: nodejs \(>= 20\.19\)/m);
    t.notMatch(stdout, /\.cache$|\.conflist -> |etc\/cni/m);
  },
);

t.test('with Node.js inside, the package needs none of the machine', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'deb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const make = (node: string) =>
    execa('bash', [PACKAGE, '--fast', '--node', node, '--output', folder], { reject: false });
  t.match((await make('/bin/true')).stderr, /\/bin\/true is no Node\.js of version 20\.19 or newer/);

  const made = await make(process.execPath);
  if ((await execa('ldd', [process.execPath])).stdout.includes('libnode')) {
    t.match(made.stderr, /needs libnode, which is a package of its own/);
    return;
  }
  t.equal(made.exitCode, 0, made.stderr);
  const control = (await execa('dpkg-deb', ['--field', made.stdout])).stdout;
  t.match(control, new RegExp(`^Version: .*-1\\+node${process.versions.node.replaceAll('.', '\\.')}$`, 'm'));
  t.notMatch(control, /nodejs/);
  await execa('dpkg-deb', ['--extract', made.stdout, join(folder, 'tree')]);
  const program = join(folder, 'tree/usr/bin/netnsd');
  // No PATH: the Node.js beside the program is the only one.
  const helped = await execa(program, ['list', '--help'], { env: { PATH: '/nonexistent' }, extendEnv: false });
  t.match(helped.stdout, /Usage: netnsd list/);
  t.match(readFileSync(join(folder, 'tree/usr/share/doc/netnsd/copyright'), 'utf8'), /License: Node\.js\n/);
});
