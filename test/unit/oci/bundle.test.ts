import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findNetworkNamespace, findUnsetNetworkNamespace, readBundle } from '../../../src/oci/index.js';
import { bundleOf, SPEC_TEXT } from './fixture.js';

function refused(t: Test, folder: string, message: RegExp, code = 'bundle_invalid'): void {
  // Of this bundle only: other tests of the process open files meanwhile.
  const openFiles = () =>
    readdirSync('/proc/self/fd')
      .map(fileOf)
      .filter((file) => file.startsWith(folder));
  t.throws(
    () => {
      using bundle = readBundle(folder);
      findUnsetNetworkNamespace(bundle);
    },
    { code, message },
  );
  t.same(openFiles(), [], 'no file is left open');
}

/** What a descriptor of this process leads to; nothing if it was closed meanwhile. */
function fileOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

t.test('a bundle is read with its network namespace found', async (t) => {
  using bundle = readBundle(bundleOf(t));
  t.strictSame(findNetworkNamespace(bundle), { index: 1, path: null });
  t.strictSame(findUnsetNetworkNamespace(bundle), { index: 1, path: null });
});

t.test('a path that is no bundle is refused with what to do', async (t) => {
  const folder = bundleOf(t);
  refused(t, join(folder, 'none'), /cannot open the bundle .*: the folder does not exist: give the folder/);
  refused(t, join(folder, 'config.json'), /it is not a folder: give the folder that holds config\.json/);
  rmSync(join(folder, 'config.json'));
  refused(t, folder, /config\.json: the file does not exist: run `runc spec` in the bundle/);
});

t.test('only a regular file inside the bundle is read', async (t) => {
  const folder = bundleOf(t);
  const file = join(folder, 'config.json');
  writeFileSync(join(folder, '..', 'outside.json'), SPEC_TEXT);
  rmSync(file);
  symlinkSync('../outside.json', file);
  refused(t, folder, /it is a symbolic link: replace it with the file itself/);
  rmSync(file);
  mkdirSync(file);
  refused(t, folder, /is not a regular file: replace it with one/);
  rmSync(file, { recursive: true });
  execFileSync('mkfifo', [file]);
  refused(t, folder, /is not a regular file: replace it with one/);
  rmSync(file);
  writeFileSync(file, '');
  truncateSync(file, 16 * 1024 * 1024 + 1);
  refused(t, folder, /larger than 16 MiB/);
});

const BAD_TEXTS: [title: string, text: string | Buffer, message: RegExp][] = [
  ['an empty file', '', /not valid JSON: \w+ at line 1, column 1$/],
  ['a broken object', '{\n  "linux": }', /not valid JSON: ValueExpected at line 2, column 12$/],
  ['a trailing comma', '{"linux": {},\n}', /not valid JSON: \w+ at line 2, column 1$/],
  ['a comment', '{ // x\n}', /not valid JSON: \w+ at line 1, column 3$/],
  ['text behind the object', `${SPEC_TEXT}{`, /not valid JSON: EndOfFileExpected at line 25, column 1$/],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /it is not UTF-8 text/],
  ['nesting without end', '['.repeat(200_000), /it is nested too deeply/],
  ['nesting that ends', `{"a": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`, /it is nested too deeply/],
  ['an array', '[]', /it is not a JSON object: `runc spec`/],
  ['a spec without linux', '{}', /it has no linux\.namespaces, so it is not a spec/],
  ['a linux of null', '{"linux": null}', /it has no linux\.namespaces/],
  ['namespaces as an object', '{"linux": {"namespaces": {}}}', /linux\.namespaces is not an array/],
  ['a namespace of null', '{"linux": {"namespaces": [null]}}', /an entry of linux\.namespaces is not/],
  [
    'a path that is a number',
    '{"linux": {"namespaces": [{"type": "network", "path": 1}]}}',
    /an entry of linux\.namespaces is not/,
  ],
  [
    'two network namespaces',
    '{"linux": {"namespaces": [{"type": "network"}, {"type": "network"}]}}',
    /two namespaces of type network/,
  ],
  [
    'namespaces twice',
    '{"linux": {"namespaces": [], "namespaces": [{"type": "network"}]}}',
    /it has "namespaces" twice \(line 1, column 44\): remove/,
  ],
  [
    'linux twice in other case',
    '{"linux": {"namespaces": [{"type": "network"}]}, "LINUX": {}}',
    /it has "LINUX" twice/,
  ],
  [
    'a name that only Go takes for namespaces',
    '{"linux": {"namespace\u017f": []}}',
    /write "namespace\u017f" as "namespaces"/,
  ],
  ['a path in other case', '{"linux": {"namespaces": [{"type": "network", "Path": "/x"}]}}', /write "Path" as "path"/],
];

for (const [title, text, message] of BAD_TEXTS) {
  t.test(`${title} in config.json is refused with its place or its cure`, async (t) => {
    refused(t, bundleOf(t, text), message);
  });
}

t.test('a bundle on the network of the host is told apart from one whose path is set', async (t) => {
  const other = '{"linux": {"namespaces": [{"type": "pid"}]}}';
  refused(t, bundleOf(t, other), /shares the host's network: add \{"type": "network"\}/, 'bundle_host_network');
});

t.test('a path that is set is named', async (t) => {
  const text = '{"linux": {"namespaces": [{"type": "network", "path": "/run/netns/a"}]}}';
  refused(t, bundleOf(t, text), /already has a path \(\/run\/netns\/a\): remove "path"/, 'bundle_path_set');
});
