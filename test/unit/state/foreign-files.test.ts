import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FileLock } from '../../../src/kernel/file-lock.js';
import {
  FileRecords,
  FileSequence,
  openStateDirectory,
  type RecordWarning,
  replaceOwnFile,
} from '../../../src/state/index.js';

const FILES = ['lock', 'sequence', 'site.json', 'cooldowns'].flatMap((name) => [name, `${name}.new`]);
const RECORD_FOLDERS = ['broken', 'building', 'destroying', 'dirty', 'leased', 'ready'];

/** Ways of planting something at `path`; `victim` is a file elsewhere that must not change. */
const PLANTS: Record<string, (path: string, victim: string) => void> = {
  symlink: (path, victim) => fs.symlinkSync(victim, path),
  'dangling symlink': (path, victim) => fs.symlinkSync(`${victim}-absent`, path),
  fifo: (path) => void execFileSync('mkfifo', [path]),
  socket: (path) => {
    const script = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    spawnSync(process.execPath, ['-e', script, path]);
  },
  folder: (path) => {
    fs.mkdirSync(path);
    fs.writeFileSync(join(path, 'in it'), '');
  },
  'hard link': (path, victim) => fs.linkSync(victim, path),
  'file that others may write to': (path) => {
    fs.writeFileSync(path, 'x');
    fs.chmodSync(path, 0o666);
  },
};

function directory(t: Test): { state: string; victim: string } {
  const folder = fs.mkdtempSync(join(tmpdir(), 'state-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(join(folder, 'victim'), 'precious');
  return { state: openStateDirectory(join(folder, 'state')), victim: join(folder, 'victim') };
}

for (const [kind, plant] of Object.entries(PLANTS)) {
  t.test(`a ${kind} under the name of any of netnsd's own files is set aside, and everything works`, async (t) => {
    const { state, victim } = directory(t);
    // A folder is what belongs there.
    const own = kind === 'folder' ? FILES : [...FILES, 'dns'];
    for (const name of own) plant(join(state, name), victim);
    const planted = own.filter((name) => fs.lstatSync(join(state, name), { throwIfNoEntry: false }) !== undefined);
    const warnings: RecordWarning[] = [];
    openStateDirectory(state, (warning) => warnings.push(warning));
    t.same(
      warnings.map(({ path }) => path),
      planted.map((name) => join(state, name)),
    );
    for (const { movedTo } of warnings) t.ok(fs.lstatSync(movedTo as string), `${movedTo} is there`);
    using lock = FileLock.acquire(join(state, 'lock')) as FileLock;
    t.ok(lock);
    t.equal(
      new FileSequence(state, { aboveRecords: 0, aboveObjects: 0, largest: 1e6, used: () => new Set() }).next(),
      1,
    );
    replaceOwnFile(join(state, 'site.json'), '{}');
    const records = new FileRecords(state);
    t.same(
      records.load((warning) => t.fail(warning.problem)),
      [],
    );
    t.equal(fs.readFileSync(victim, 'utf8'), 'precious', 'and what it led to is as it was');
    t.same(fs.readdirSync(join(victim, '..')).sort(), ['state', 'victim'], 'nothing was made beside it');
  });

  t.test(`a ${kind} in any folder of records is set aside, whatever its name`, async (t) => {
    const { state, victim } = directory(t);
    const names = ['default-1.json', '.default-2.new', 'a\nb', 'x'.repeat(255), '\u{1f4a3}', '-rf', 'web-9.json'];
    for (const folder of RECORD_FOLDERS)
      for (const name of names.slice(0, kind === 'socket' ? 2 : 7)) plant(join(state, folder, name), victim);
    const warnings: RecordWarning[] = [];
    t.same(
      new FileRecords(state).load((warning) => warnings.push(warning)),
      [],
    );
    t.ok(warnings.length >= RECORD_FOLDERS.length, `${warnings.length} warnings`);
    for (const folder of RECORD_FOLDERS) {
      t.same(fs.readdirSync(join(state, folder)), [], `nothing is left in ${folder}`);
    }
    t.equal(fs.readFileSync(victim, 'utf8'), 'precious');
  });
}

t.test('a record of a gigabyte is not read', async (t) => {
  const { state } = directory(t);
  const path = join(state, 'leased', 'default-1.json');
  fs.writeFileSync(path, '', { mode: 0o600 });
  fs.truncateSync(path, 1 << 30);
  const warnings: RecordWarning[] = [];
  t.same(
    new FileRecords(state).load((warning) => warnings.push(warning)),
    [],
  );
  t.match(warnings, [
    { problem: 'it has 1073741824 bytes', movedTo: join(state, 'set-aside', 'leased-default-1.json') },
  ]);
});

t.test('a lock that is a link or no regular file is refused', async (t) => {
  const { state, victim } = directory(t);
  const path = join(state, 'lock');
  for (const kind of ['symlink', 'hard link', 'fifo', 'folder']) {
    PLANTS[kind]?.(path, victim);
    t.throws(() => FileLock.acquire(path), { code: 'state_dir_unsafe', message: /lock is not the regular file/ }, kind);
    fs.rmSync(path, { recursive: true });
  }
  t.equal(fs.readFileSync(victim, 'utf8'), 'precious');
});
