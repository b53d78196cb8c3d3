import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { FRONT, SELDOM, startDaemon } from './daemon.js';
import { told } from './doctor-run.js';
import { answersPing, eventually } from './eye.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 1\n';
const folder = (): string => mkdtempSync(join(tmpdir(), 'odd-'));
/** Runs `script` before what it is put before, in a mount namespace of its own. */
const after = (script: string) => [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-c',
  `${script} && exec "$@"`,
  'sh',
];
const serve = (...args: string[]) => execa(FRONT, ['serve', ...args], { reject: false, timeout: 300_000 });

t.test('a start on a read-only file system is refused with that word', async (t) => {
  const at = folder();
  const [file = '', ...wrapped] = [
    ...after(`mount -t tmpfs -o ro t ${at}`),
    FRONT,
    'serve',
    '--state-dir',
    `${at}/a/b`,
  ];
  const { exitCode, stderr } = await execa(file, wrapped, { reject: false });
  t.equal(exitCode, 1);
  t.match(stderr, /^netnsd: state directory \S+\/a\/b cannot be made \(EROFS: read-only file system/);
});

t.test('a configuration that is a pipe or a device is refused, and not waited for', async (t) => {
  const at = folder();
  await execa('mkfifo', [`${at}/pipe`]);
  for (const file of [`${at}/pipe`, '/dev/zero']) {
    const { exitCode, stderr } = await serve('--config', file, '--state-dir', `${at}/state`);
    t.equal(exitCode, 1);
    t.match(stderr, /^netnsd: cannot read the configuration \S+: it is not a regular file: give one with --config$/);
  }
});

t.test('a daemon starts in a folder that was removed', async (t) => {
  const gone = folder();
  const wrapper = ['sh', '-c', `cd ${gone} && rmdir ${gone} && exec "$@"`, 'sh'];
  await using daemon = await startDaemon(t, SELDOM, { wrapper, program: [FRONT] });
  t.match(await daemon.cli('status'), /^netnsd /);
});

t.test(
  'where nft fails, a restart over leases goes on with the rules that stand, and says so; a first start does not',
  async (t) => {
    const broken = join(folder(), 'nft');
    writeFileSync(broken, '#!/bin/sh\necho no rules today >&2\nexit 1\n');
    chmodSync(broken, 0o755);
    const { stdout: nft } = await execa('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin command -v nft']);
    await using daemon = await startDaemon(t, POOL);
    await daemon.cli('acquire', '--id', 'one');
    await daemon.stop('SIGTERM');
    const broke = () => execa('mount', ['--bind', broken, nft]);
    const mended = () => execa('umount', [nft]);
    await broke();
    daemon.start();
    await daemon.answers();
    t.ok(await answersPing((await daemon.leaseOf('one')).addresses[0]?.address.split('/')[0] as string));
    await eventually('the log says so', () => daemon.log().includes("failed to make netnsd's rules; retrying"));
    t.match(await told(daemon, 'reconcile'), [/^fail hub:default\.0: /], 'and so does doctor');
    await mended();
    await eventually('they are made', () => daemon.log().includes("netnsd's rules are made"));
    await daemon.stop('SIGTERM');
    await daemon.cli('down', '--state-dir', daemon.stateDir);
    await broke();
    const first = await serve('--state-dir', daemon.stateDir, '--config', daemon.configFile);
    await mended();
    t.equal(first.exitCode, 1);
    t.match(first.stderr, /^netnsd: nft failed: no rules today; /m);
  },
);
