import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { make, program, run } from './program.js';
import { makeStage, specWith } from './stage.js';

const netnsdRunc = program({ sanitized: true });

const bundles: [string, (bundle: string) => void, RegExp][] = [
  ['is missing', (b) => rmSync(b, { recursive: true }), /cannot use the bundle .*: No such file or directory/],
  ['has no config.json', (b) => rmSync(`${b}/config.json`), /config\.json: No such file or directory/],
  ['is a file', (b) => (rmSync(b, { recursive: true }), writeFileSync(b, '')), /cannot (use|read) .*: Not a directory/],
  [
    'is a FIFO',
    (b) => (rmSync(b, { recursive: true }), execFileSync('mkfifo', [b])),
    /cannot (use|read) .*: Not a directory/,
  ],
  [
    'has a FIFO for a config.json',
    (b) => (rmSync(`${b}/config.json`), execFileSync('mkfifo', [`${b}/config.json`])),
    /not a regular file/,
  ],
  [
    'has a folder for a config.json',
    (b) => (rmSync(`${b}/config.json`), execFileSync('mkdir', [`${b}/config.json`])),
    /not a regular file/,
  ],
  [
    'has a device for a config.json',
    (b) => (rmSync(`${b}/config.json`), symlinkSync('/dev/zero', `${b}/config.json`)),
    /not a regular file/,
  ],
  ['has a huge config.json', (b) => truncateSync(`${b}/config.json`, 2 ** 40), /larger than 16 MiB/],
  [
    'has 16 MiB of NUL bytes',
    (b) => (writeFileSync(`${b}/config.json`, ''), truncateSync(`${b}/config.json`, 2 ** 24)),
    /not valid JSON/,
  ],
  ['has an empty config.json', (b) => writeFileSync(`${b}/config.json`, ''), /not valid JSON/],
  [
    'has half a config.json',
    (b) => writeFileSync(`${b}/config.json`, JSON.stringify(specWith()).slice(0, -3)),
    /not valid JSON/,
  ],
  ['has a list for a config.json', (b) => writeFileSync(`${b}/config.json`, '[]'), /not a JSON object/],
  ['nests a million deep', (b) => writeFileSync(`${b}/config.json`, '['.repeat(1_000_000)), /not valid JSON/],
  [
    'says linux twice',
    (b) => writeFileSync(`${b}/config.json`, '{"linux":{},"linux":{}}'),
    /"linux" is not one object/,
  ],
  [
    'is a symbolic link',
    (b) => (execFileSync('mv', [b, `${b}-real`]), symlinkSync(`${b}-real`, b)),
    /the bundle is a symbolic link/,
  ],
  [
    'has a linked config.json',
    (b) => (execFileSync('mv', [`${b}/config.json`, `${b}-real`]), symlinkSync(`${b}-real`, `${b}/config.json`)),
    /config\.json is a symbolic link/,
  ],
  [
    'is a link to itself',
    (b) => (rmSync(b, { recursive: true }), symlinkSync(b, b)),
    /Too many levels of symbolic links/,
  ],
];

for (const [title, spoil, reason] of bundles) {
  t.test(`a bundle that ${title} is a clear error, and no request is sent`, async (t) => {
    const stage = makeStage(t);
    await stage.startDaemon();
    spoil(stage.bundle);
    for (const bundle of [stage.bundle, `${stage.bundle}/`]) {
      const ended = await run(netnsdRunc, ['create', '--bundle', bundle, 'c1'], { env: stage.env });
      t.equal(ended.status, 1, ended.stderr);
      t.match(ended.stderr, reason);
      t.equal(ended.stderr.split('\n').length, 2, 'in one line');
    }
    t.strictSame(stage.journal(), []);
  });
}

t.test('a spec elsewhere than in the bundle is a clear error', async (t) => {
  const stage = makeStage(t);
  writeFileSync(stage.path('other.json'), JSON.stringify(specWith()));
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, '-f', stage.path('other.json'), 'c1'], {
    env: stage.env,
  });
  t.equal(ended.status, 1);
  t.match(ended.stderr, /its spec is not the bundle's own config\.json \(--config\)/);
});

t.test('ids that no runtime takes are a clear error, and no request is sent', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  for (const id of [
    'a/b',
    '../../etc',
    '.',
    '..',
    '',
    'a b',
    'a\nb',
    '\x1b[31m',
    '\xff',
    'é',
    'x'.repeat(256),
    'x'.repeat(100_000),
    '%2e',
    'a\r\nX: y',
  ]) {
    const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, '--', id], { env: stage.env });
    t.equal(ended.status, 1, ended.stderr);
    t.match(ended.stderr, /is no container id for netnsd/);
    t.equal(ended.stderr.split('\n').length, 2, 'in one line');
  }
  t.strictSame(stage.journal(), []);
});

t.test('no command line is a memory error', async (t) => {
  const stage = makeStage(t, 'exit 3');
  const lines = [
    [],
    [''],
    ['-'],
    ['--'],
    ['---'],
    ['-='],
    ['--='],
    ['--root'],
    ['create', '-b'],
    ['run', '-dddddddddddddddd', 'c'],
    ['delete', '-'],
    Array(5000).fill('-b') as string[],
  ];
  for (const line of lines) {
    const ended = await run(netnsdRunc, line, { env: stage.env });
    t.strictSame(
      [ended.status, ended.stderr.includes('Sanitizer')],
      [line[0] === 'run' ? ended.status : 3, false],
      line.slice(0, 3).join(' '),
    );
  }
});

t.test('a path that JSON cannot carry is a clear error', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const script = `mkdir "$(printf 'b\\377')" && cp bundle/config.json "$(printf 'b\\377')" && exec "${netnsdRunc}" create -b "$(printf 'b\\377')" c1`;
  const ended = await run('/bin/sh', ['-c', script], { env: stage.env, cwd: stage.folder });
  t.equal(ended.status, 1);
  t.match(ended.stderr, /no valid UTF-8/);
  t.notOk(existsSync(stage.path('journal')));
});

t.test('the unit tests in C pass under the sanitizers, and a bounded fuzz run finds nothing', async (t) => {
  const output = make('check');
  t.match(output, /\n1\.\.\d+\n/);
  t.match(output, /inputs from \d+ seeds in .* no failure/);
});
