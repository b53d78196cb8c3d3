import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { patchBundle, readBundle } from '../../src/oci/index.js';
import { program, run } from './program.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage } from './stage.js';

const netnsdRunc = program();

const namespaces = [{ type: 'pid' }, { type: 'uts', path: '/proc/1/ns/uts' }, { type: 'network' }, { type: 'mount' }];
const bare = { ociVersion: '1.2.0', root: { path: 'rootfs' }, linux: { namespaces }, hostname: 'ünï \u2028 "x"' };
const behind = { ...bare, annotations: { 'io.kubernetes.cri.sandbox-id': 'x', 'dev.netnsd.skip': 'false' } };
const before = { annotations: { '\u{1f600}\n': 'y' }, ...bare, linux: { namespaces, x: [1e3, {}] }, mounts: [{}] };
const specs = { bare, behind, before };
const layouts: Record<string, (spec: unknown) => string> = {
  compact: (spec) => JSON.stringify(spec),
  '2 blanks': (spec) => JSON.stringify(spec, null, 2),
  '4 blanks and a line break at the end': (spec) => `${JSON.stringify(spec, null, 4)}\n`,
  tabs: (spec) => JSON.stringify(spec, null, '\t'),
  'CRLF and tabs': (spec) => JSON.stringify(spec, null, '\t\t').replaceAll('\n', '\r\n'),
  'lone carriage returns': (spec) => JSON.stringify(spec, null, 2).replaceAll('\n', '\r'),
  'blanks in one line': (spec) => JSON.stringify(spec, null, 1).replaceAll(/\n */g, ' '),
  'empty lines and wide colons': (spec) =>
    JSON.stringify(spec, null, 3).replaceAll('\n', '\n\n').replaceAll(': ', '\t:\n '),
  'an indentation of twelve': (spec) => JSON.stringify(spec, null, 4).replaceAll('    ', ' '.repeat(12)),
  'a line separator in a string, then blanks and a quote': (spec) =>
    JSON.stringify({ a: '\u2028   ', ...(spec as object) }, null, 2),
  'no line break but one at the end': (spec) => JSON.stringify(spec).replace(/}$/, '\n}'),
};

for (const [layout, write] of Object.entries(layouts)) {
  t.test(`a spec in the layout "${layout}" is edited byte for byte as the daemon edits it`, async (t) => {
    const stage = makeStage(t);
    const shelf = layOutShelf(t, stage, { offers: 3 });
    for (const [name, spec] of Object.entries(specs)) {
      const text = write(spec);
      for (const bundle of [stage.path(name), stage.path(`${name}-daemon`)]) {
        mkdirSync(bundle);
        writeFileSync(`${bundle}/config.json`, text);
      }
      const ended = await run(netnsdRunc, ['create', '-b', stage.path(name), name], { env: stage.env });
      t.strictSame([ended.status, ended.stderr], [0, '']);
      const edited = readFileSync(stage.path(`${name}/config.json`), 'utf8');
      const { annotations } = JSON.parse(edited);
      const { path } = JSON.parse(edited).linux.namespaces[2];
      t.equal(annotations['dev.netnsd.lease'], shelf.holder(name).lease);
      t.equal(shelf.holder(name).spec, text);
      using bundle = readBundle(stage.path(`${name}-daemon`));
      const own = ['dev.netnsd.lease', 'dev.netnsd.address'].map((key) => [key, annotations[key]]);
      patchBundle({ bundle, netnsPath: path, annotations: Object.fromEntries(own) });
      t.equal(edited, readFileSync(stage.path(`${name}-daemon/config.json`), 'utf8'), name);
    }
  });
}
