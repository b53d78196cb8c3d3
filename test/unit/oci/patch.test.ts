import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { patchBundle, readBundle } from '../../../src/oci/index.js';
import { bundleOf, SPEC_TEXT } from './fixture.js';

const PATH = '/run/netnsd/netns/default-7';

function patched(t: Test, text: string, annotations?: Record<string, string>): string {
  const folder = bundleOf(t, text);
  using bundle = readBundle(folder);
  patchBundle(annotations === undefined ? { bundle, netnsPath: PATH } : { bundle, netnsPath: PATH, annotations });
  t.strictSame(readdirSync(folder), ['config.json'], 'no other file is left');
  return readFileSync(join(folder, 'config.json'), 'utf8');
}

t.test('a patch adds one line and leaves every other byte as it was', async (t) => {
  const text = patched(t, SPEC_TEXT);
  const added = `"type": "network",\n\t\t\t\t"path": "${PATH}"`;
  t.equal(text, SPEC_TEXT.replace('"type": "network"', added));
  t.match(text, '18446744073709551615');
  t.match(text, '1.50');
});

t.test('a file indented by spaces stays so', async (t) => {
  const spaces = SPEC_TEXT.replaceAll('\t', '    ');
  t.equal(
    patched(t, spaces),
    spaces.replace('"type": "network"', `"type": "network",\n                "path": "${PATH}"`),
  );
});
t.test('line ends of CRLF stay', async (t) => {
  const text = patched(t, SPEC_TEXT.replaceAll('\n', '\r\n'));
  t.notMatch(text, /[^\r]\n/);
});
t.test('a file of one line stays one', async (t) => {
  const line = JSON.stringify({ linux: { namespaces: [{ type: 'network', path: '' }, { type: 'pid' }] } });
  t.equal(patched(t, line), line.replace('"path":""', `"path":"${PATH}"`));
});
t.test('a file of one line without an empty path stays one', async (t) => {
  const line = JSON.stringify({ linux: { namespaces: [{ type: 'pid' }, { type: 'network' }] } });
  t.equal(patched(t, line), line.replace('"network"', `"network","path":"${PATH}"`));
});

t.test('annotations are added to those that the spec has', async (t) => {
  const line = JSON.stringify({ annotations: { 'a.b/c': 'kept' }, linux: { namespaces: [{ type: 'network' }] } });
  const spec = JSON.parse(patched(t, line, { 'dev.netnsd.lease': 'default-7' }));
  t.strictSame(spec.annotations, { 'a.b/c': 'kept', 'dev.netnsd.lease': 'default-7' });
});

t.test('what is added looks like its neighbours', async (t) => {
  const written = (text: string) => patched(t, text, { 'dev.netnsd.lease': '7', 'dev.netnsd.address': '10.0.0.2/24' });
  t.equal(
    written('{"linux": {"namespaces": [{"type": "network"}]}}'),
    `{"linux": {"namespaces": [{"type": "network","path": "${PATH}"}]},"annotations": {"dev.netnsd.lease":"7","dev.netnsd.address":"10.0.0.2/24"}}`,
  );
  t.equal(
    written('{\n  "annotations": {},\n\n  "linux": {"namespaces": [{"type": "network"}]}\n}\n'),
    `{\n  "annotations": {\n    "dev.netnsd.lease": "7",\n    "dev.netnsd.address": "10.0.0.2/24"\n  },\n\n  "linux": {"namespaces": [{"type": "network","path": "${PATH}"}]}\n}\n`,
  );
  t.equal(
    written('{\n  "linux": {"namespaces": [{"type": "network"}]},\n\n  "annotations": {\n    "a": "b"\n  }\n}\n'),
    `{\n  "linux": {"namespaces": [{"type": "network","path": "${PATH}"}]},\n\n  "annotations": {\n    "a": "b",\n    "dev.netnsd.lease": "7",\n    "dev.netnsd.address": "10.0.0.2/24"\n  }\n}\n`,
  );
  const old = '{\n\t"linux": {\n\t\t"namespaces": [{ "type": "network" }]\n\t}\n}';
  t.equal(
    written(old),
    `{\n\t"linux": {\n\t\t"namespaces": [{ "type": "network", "path": "${PATH}" }]\n\t},\n\t"annotations": {\n\t\t"dev.netnsd.lease": "7",\n\t\t"dev.netnsd.address": "10.0.0.2/24"\n\t}\n}`,
  );
});

// By the square of their number it would take hours, and the time that a file has would be over.
t.test('a spec that is mostly blanks takes no time', async (t) => {
  const blanks = ' '.repeat(4 << 20);
  const text = patched(t, `{"a":[${blanks}],${blanks}"linux": {"namespaces": [{${blanks}"type": "network"}]}}`, {
    a: 'b',
  });
  t.equal(JSON.parse(text).linux.namespaces[0].path, PATH);
  t.equal(JSON.parse(text).annotations.a, 'b');
});

t.test('annotations of an earlier lease are replaced where they stand', async (t) => {
  const text = patched(t, SPEC_TEXT, { 'dev.netnsd.lease': '7' }).replace(`"path": "${PATH}"`, '"path": ""');
  t.equal(
    patched(t, text, { 'dev.netnsd.lease': '8' }),
    text.replace('"path": ""', `"path": "${PATH}"`).replace('"7"', '"8"'),
  );
});

t.test('any spec is the same afterwards but for the path', async (t) => {
  const folder = bundleOf(t);
  const file = join(folder, 'config.json');
  const indentation = fc.constantFrom('', ' ', '  ', '\t');
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.array(fc.jsonValue()),
      indentation,
      (fields, list, indent) => {
        const { linux: _, ...rest } = Object.fromEntries(
          Object.entries(fields).filter(
            ([name]) => !['__proto__', 'linux', 'annotations', 'mounts'].includes(name.toUpperCase().toLowerCase()),
          ),
        );
        const spec = { ...rest, linux: { list, namespaces: [{ type: 'ipc' }, { type: 'network' }] }, last: list };
        writeFileSync(file, JSON.stringify(spec, null, indent));
        using bundle = readBundle(folder);
        patchBundle({ bundle, netnsPath: PATH, annotations: { b: '2', a: '1' } });
        const expected = {
          ...spec,
          annotations: { b: '2', a: '1' },
          linux: { list, namespaces: [{ type: 'ipc' }, { type: 'network', path: PATH }] },
        };
        const text = readFileSync(file, 'utf8');
        return JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(JSON.stringify(expected)));
      },
    ),
  );
  t.strictSame(readdirSync(folder), ['config.json']);
});

t.test('mode and owner of the file stay', async (t) => {
  const folder = bundleOf(t);
  const file = join(folder, 'config.json');
  chmodSync(file, 0o642);
  const before = lstatSync(file);
  const previous = process.umask(0o077);
  t.teardown(() => process.umask(previous));
  using bundle = readBundle(folder);
  patchBundle({ bundle, netnsPath: PATH });
  const after = lstatSync(file);
  t.strictSame([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid]);
  t.not(after.ino, before.ino, 'the file was replaced, not written to');
});

t.test('a reader that has the old file open, by another name, sees it whole', async (t) => {
  const folder = bundleOf(t);
  linkSync(join(folder, 'config.json'), join(folder, 'other'));
  using bundle = readBundle(folder);
  patchBundle({ bundle, netnsPath: PATH });
  t.equal(readFileSync(join(folder, 'other'), 'utf8'), SPEC_TEXT);
});

t.test('a folder that takes the place of the bundle after it was read is not written to', async (t) => {
  const folder = bundleOf(t);
  using bundle = readBundle(folder);
  renameSync(folder, `${folder}-moved`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), SPEC_TEXT);
  patchBundle({ bundle, netnsPath: PATH });
  t.equal(readFileSync(join(folder, 'config.json'), 'utf8'), SPEC_TEXT);
  t.match(readFileSync(join(`${folder}-moved`, 'config.json'), 'utf8'), PATH);
});

t.test('a file that was changed meanwhile is left as it is', async (t) => {
  const folder = bundleOf(t);
  using bundle = readBundle(folder);
  const changed = SPEC_TEXT.replace('"true"', '"false"');
  writeFileSync(join(folder, 'config.json'), changed);
  t.throws(() => patchBundle({ bundle, netnsPath: PATH }), {
    code: 'bundle_invalid',
    message: /changed by another process/,
  });
  t.equal(readFileSync(join(folder, 'config.json'), 'utf8'), changed);
});

t.test('a bundle that cannot be written to is named with the reason, not with a descriptor', async (t) => {
  const folder = bundleOf(t);
  using bundle = readBundle(folder);
  const text = readFileSync(join(folder, 'config.json'));
  rmSync(folder, { recursive: true });
  t.equal(text.toString(), SPEC_TEXT);
  t.throws(() => patchBundle({ bundle, netnsPath: PATH }), {
    code: 'bundle_invalid',
    message: /^cannot read .*bundle\/config\.json: /,
  });
});

t.test('a second patch is refused and changes nothing', async (t) => {
  const folder = bundleOf(t);
  {
    using bundle = readBundle(folder);
    patchBundle({ bundle, netnsPath: PATH });
  }
  const text = readFileSync(join(folder, 'config.json'), 'utf8');
  using bundle = readBundle(folder);
  t.throws(() => patchBundle({ bundle, netnsPath: '/other' }), { code: 'bundle_path_set' });
  t.equal(readFileSync(join(folder, 'config.json'), 'utf8'), text);
});
