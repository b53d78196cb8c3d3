import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FileRecords } from '../../../../src/state/index.js';
import { opened, recordOf } from '../stage.js';

const good = (change: object = {}) => JSON.stringify({ version: 1, revision: 1, ...recordOf('ready', 9), ...change });

const bad: Record<string, [name: string, text: string, problem: RegExp]> = {
  'an empty file': ['default-9.json', '', /empty/],
  'a truncated file': ['default-9.json', good().slice(0, -20), /no JSON/],
  garbage: ['default-9.json', '\0\xff{]', /no JSON/],
  'JSON of another kind': ['default-9.json', '[1]', /no JSON object/],
  'a later version': ['default-9.json', good({ version: 2 }), /version is 2/],
  'no version': ['default-9.json', good({ version: undefined }), /version/],
  'a foreign file': ['notes.txt', 'mine', /no endpoint id/],
  'the name of another endpoint': ['default-8.json', good(), /not that of its name/],
  'the number of another endpoint': ['default-9.json', good({ seq: 8 }), /pool and number/],
  'the state of another folder': ['default-9.json', good({ state: 'broken' }), /folder/],
  'no revision': ['default-9.json', good({ revision: -1 }), /revision/],
  'a bad index': ['default-9.json', good({ index: 1.5 }), /index/],
  'ready without facts': ['default-9.json', good({ facts: null }), /without facts/],
  'incomplete facts': ['default-9.json', good({ facts: { netns: { path: '/x', inode: 1 } } }), /facts are incomplete/],
  'a lease without being leased': ['default-9.json', good({ lease: recordOf('leased').lease }), /lease/],
  'an incomplete lease': ['default-9.json', good({ lease: { id: 'x' } }), /lease is incomplete/],
  'a name that leads elsewhere': ['..-9.json', good(), /no endpoint id/],
};

for (const [what, [name, text, problem]] of Object.entries(bad)) {
  t.test(`set aside with a warning, not trusted and not fatal: ${what}`, async (t) => {
    const { directory, warnings, load, files } = opened(t);
    new FileRecords(directory).write(recordOf('ready'), null);
    fs.writeFileSync(join(directory, 'ready', name), text, { mode: 0o600 });
    t.same(load(), [recordOf('ready')]);
    const movedTo = join(directory, 'set-aside', `ready-${name}`);
    t.match(warnings, [{ path: join(directory, 'ready', name), problem, movedTo }]);
    t.equal(warnings.length, 1);
    t.same(files(), ['ready/default-1.json', `set-aside/ready-${name}`]);
    t.equal(fs.readFileSync(movedTo, 'utf8'), text, 'kept for inspection');
  });
}

t.test(
  'nothing is followed, waited for or entered: symlinks, fifos, folders, hard links, writable files',
  async (t) => {
    const { directory, warnings, load, files } = opened(t);
    const outside = join(directory, '..');
    for (const name of ['secret', 'linked']) fs.writeFileSync(join(outside, name), good(), { mode: 0o600 });
    const at = (name: string) => join(directory, 'ready', name);
    fs.symlinkSync(join(outside, 'secret'), at('default-9.json'));
    fs.symlinkSync('/nowhere', at('default-10.json'));
    fs.mkdirSync(at('default-11.json'));
    fs.writeFileSync(join(at('default-11.json'), 'x'), 'x');
    fs.linkSync(join(outside, 'linked'), at('default-12.json'));
    fs.writeFileSync(at('default-13.json'), good());
    fs.chmodSync(at('default-13.json'), 0o666);
    fs.mkdirSync(at('.default-14.new'));
    execFileSync('mkfifo', ['-m', '600', at('default-15.json')]);
    t.same(load(), []);
    t.equal(warnings.length, 7);
    t.ok(warnings.every(({ movedTo }) => movedTo?.startsWith(join(directory, 'set-aside'))));
    t.equal(fs.readFileSync(join(outside, 'secret'), 'utf8'), good(), 'what the symlink points to is untouched');
    t.notOk(files().some((file) => file.startsWith('ready/')));
  },
);

t.test('what is set aside never replaces what was set aside before', async (t) => {
  const { directory, load, files } = opened(t);
  for (const text of ['one', 'two', 'three']) {
    fs.writeFileSync(join(directory, 'dirty', 'x'), text);
    load();
  }
  t.same(files(), ['set-aside/dirty-x', 'set-aside/dirty-x.1', 'set-aside/dirty-x.2']);
});
