import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { answer, environment, front, MAIN, said, TOP } from './front-stage.js';
import { frontProgram, run } from './program.js';
import { makeStage, type Stage, specWith } from './stage.js';

/** What one program asked, and then handed to the other, is asked twice. */
const unique = (asked: readonly unknown[]) => [...new Set(asked.map((one) => JSON.stringify(one)))];

/** Runs both programs with the same arguments; also what each asked and what it made of the bundle. */
async function both(stage: Stage, asked: () => unknown[], args: readonly string[]) {
  const outcomes = [];
  const spec = () => readFileSync(`${stage.bundle}/config.json`, 'utf8');
  for (const [file, first] of [
    [front, []],
    [process.execPath, [MAIN]],
  ] as const) {
    const before = asked().length;
    stage.writeSpec(specWith({ annotations: { a: 'b' } }));
    const ended = await run(file, [...first, ...args], { env: environment(stage), cwd: stage.folder, input: '' });
    outcomes.push({ ...said(ended), asked: unique(asked().slice(before)), spec: spec() });
  }
  return outcomes as [object, object];
}

const lines = [
  'acquire',
  'acquire --path',
  'acquire --json',
  'acquire --json --id web-1 --tenant blue --pool default --wait 0 --ttl 0.50 --pid 007',
  'acquire --id=web-1 --id web-2 --path',
  'acquire --count 3',
  'acquire --count 1 --json',
  'acquire --count 3 --path',
  'acquire --json --id db --address 10.213.0.7 --mac 0A:58:0a:d5:00:07',
  'acquire --address fd00:213::7 --path',
  'acquire --address 10.213.0.7 --count 2',
  'acquire --mac=',
  'acquire --pool none',
  'acquire --pool bad',
  'acquire --pool odd --json',
  'acquire --pool mute',
  'acquire --id a --count 2',
  'acquire --path --json',
  'acquire --count 0',
  'acquire --ttl 0',
  'acquire --wait 1e3',
  'acquire --id=',
  'acquire --id',
  'acquire --nonsense',
  'acquire operand',
  'acquire --json=yes',
  'acquire --help',
  'release a b used c',
  'release gone b odd',
  'release --id one',
  'release --id two',
  'release --id two --pool web/1 --force',
  'release --id none',
  'release',
  'release a --id one',
  'release a --pool x',
  'release --help',
  'renew a --ttl 600',
  'renew a --ttl=0.5 --json',
  'renew gone --ttl 1',
  'renew a',
  'renew --ttl 1',
  'renew --help',
  'oci patch bundle --id web-1',
  'oci patch ./bundle/ --id web-2 --json',
  'oci patch nowhere --id web-1',
  'oci patch bundle',
  'oci patch --help',
  'oci nothing',
  '--version',
  'no-such-command',
  'help',
  'help acquire',
  'help no-such-command',
];

for (const part of [0, 1, 2, 3]) {
  t.test(`both programs say, ask and do the same, part ${part}`, async (t) => {
    const stage = makeStage(t);
    const daemon = await stage.startDaemon();
    daemon.answer = answer;
    const asked = () => daemon.asked.map(({ method, url, body }) => ({ method, url, body }));
    for (const line of lines.filter((_, index) => index % 4 === part)) {
      const [native, node] = await both(stage, asked, line.split(' '));
      t.strictSame(native, node, line);
    }
  });
}

t.test('both programs say the same of a daemon that is not there', async (t) => {
  const stage = makeStage(t);
  for (const socket of [stage.path('nowhere/socket'), `/${'x'.repeat(200)}`, stage.path('bundle/config.json/socket')]) {
    const [native, node] = await both(stage, () => [], ['acquire', '--socket', socket]);
    t.strictSame(native, node, socket);
  }
});

t.test('what the native program knows of the commands is what src/cli says of them', async (t) => {
  const { renderCommands } = (await import(join(TOP, 'native-scripts/commands.mjs'))) as { renderCommands(): string };
  t.equal(readFileSync(join(TOP, 'native-scripts/netnsd/commands.h'), 'utf8'), renderCommands());
});

t.test('the native program keeps the capabilities of the daemon that src/kernel lists', async (t) => {
  const { renderCapabilities } = await import(join(TOP, 'native-scripts/capabilities.mjs'));
  t.equal(readFileSync(join(TOP, 'native-scripts/netnsd/capabilities.h'), 'utf8'), renderCapabilities());
});

t.test('the daemon reads no certificates when it starts, and other commands keep the variable', async (t) => {
  const stage = makeStage(t);
  const [program, node] = [join(stage.folder, 'dist/bin/netnsd'), join(stage.folder, 'node')];
  for (const folder of ['dist/bin', 'dist/src']) mkdirSync(join(stage.folder, folder), { recursive: true });
  writeFileSync(join(stage.folder, 'dist/src/main.js'), '');
  copyFileSync(front, program);
  writeFileSync(node, '#!/bin/sh\necho "certificates: $NODE_EXTRA_CA_CERTS"\n', { mode: 0o755 });
  const env = { ...environment(stage), NETNSD_NODE: node, NODE_EXTRA_CA_CERTS: '/certs.pem' };
  t.equal((await run(program, ['serve'], { env })).stdout, 'certificates: \n');
  t.equal((await run(program, ['status'], { env })).stdout, 'certificates: /certs.pem\n');
});

t.test('Node.js is found beside the program, by NETNSD_NODE, or on PATH', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-front-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dist/bin'), { recursive: true });
  mkdirSync(join(folder, 'dist/src'));
  writeFileSync(join(folder, 'dist/src/main.js'), '');
  const copy = join(folder, 'dist/bin/netnsd');
  execFileSync('cp', [frontProgram({ sanitized: false }), copy]);
  symlinkSync(copy, join(folder, 'netnsd'));
  const script = (name: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@"\n`, { mode: 0o755 });
    return join(folder, name);
  };
  script('node');
  const call = (env: NodeJS.ProcessEnv) => run(join(folder, 'netnsd'), ['status', 'a b'], { env });
  const main = `${folder}/dist/bin/../src/main.js status a b\n`;
  t.equal((await call({ PATH: `${folder}:${process.env['PATH']}` })).stdout, `node ${main}`);
  script('dist/bin/node');
  t.equal((await call({ PATH: `${folder}:${process.env['PATH']}` })).stdout, `dist/bin/node ${main}`);
  t.equal((await call({ PATH: process.env['PATH'], NETNSD_NODE: script('other') })).stdout, `other ${main}`);
  const failed = await call({ NETNSD_NODE: join(folder, 'gone') });
  t.equal(failed.status, 1);
  t.match(
    failed.stderr,
    /^netnsd: cannot execute Node.js \(.*gone\): No such file or directory; install it, or set NETNSD_NODE/,
  );
});
