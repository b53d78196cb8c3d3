import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { patchBundle, readBundle } from '../../../src/oci/index.js';
import { renderHosts, renderResolvConf } from '../../../src/oci/resolver-files.js';
import { bundleOf, SPEC_TEXT } from './fixture.js';

const DNS = { servers: ['10.0.0.53', 'fd00::53'], search: ['a.example', 'b.example'], options: ['ndots:2', 'rotate'] };
const FOLDER = '/run/netnsd/dns/0123456789abcdef';
const FILES = { hosts: `${FOLDER}/hosts`, resolvConf: `${FOLDER}/resolv.conf` };
const OPTIONS = ['rbind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec'];
const mountOf = (destination: string, source: string) => ({ destination, type: 'bind', source, options: OPTIONS });

t.test("resolv.conf has the pool's settings, a line a server", async (t) => {
  t.equal(
    renderResolvConf(DNS),
    'search a.example b.example\nnameserver 10.0.0.53\nnameserver fd00::53\noptions ndots:2 rotate\n',
  );
  t.equal(renderResolvConf({ servers: ['10.0.0.53'], search: [], options: [] }), 'nameserver 10.0.0.53\n');
});

t.test('without settings there is no resolv.conf, and so none that would hide the image’s', async (t) => {
  t.equal(renderResolvConf({ servers: [], search: [], options: [] }), null);
});

t.test('hosts has localhost, and the address with each name once', async (t) => {
  const local = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';
  t.equal(renderHosts({ addresses: ['10.213.0.2/16'], names: ['web', 'web-1'] }), `${local}10.213.0.2\tweb web-1\n`);
  t.equal(renderHosts({ addresses: ['10.213.0.2/16'], names: ['web', 'web'] }), `${local}10.213.0.2\tweb\n`);
  t.equal(renderHosts({ addresses: ['10.213.0.2/16'], names: [undefined] }), local);
  t.equal(
    renderHosts({ addresses: ['10.213.0.2/16', 'fd00:213::ad5:2/64'], names: ['web'] }),
    `${local}10.213.0.2\tweb\nfd00:213::ad5:2\tweb\n`,
  );
});

t.test('what is no name of a host stays out of hosts', async (t) => {
  for (const name of ['', 'two words', 'a\n10.0.0.1 evil', '#', 'job+17', 'a@b', '-a', 'a-', 'x'.repeat(254)])
    t.notMatch(renderHosts({ addresses: ['10.213.0.2/16'], names: [name] }), '10.213.0.2', JSON.stringify(name));
});

interface Mount {
  destination: string;
  source?: string;
}

/** Patches a bundle, with the mounts that `change` leaves; what stands in its config.json then. */
function patched(t: Test, options: { change?: (spec: { mounts?: unknown }) => void; files?: typeof FILES | null }) {
  const spec = JSON.parse(SPEC_TEXT);
  options.change?.(spec);
  const folder = bundleOf(t, options.change === undefined ? SPEC_TEXT : JSON.stringify(spec, null, 2));
  using bundle = readBundle(folder);
  const files = options.files === null ? {} : { files: options.files ?? FILES };
  patchBundle({ bundle, netnsPath: '/run/netnsd/netns/x', ...files });
  const text = readFileSync(join(folder, 'config.json'), 'utf8');
  return { text, mounts: (JSON.parse(text) as { mounts: Mount[] }).mounts, before: spec.mounts as Mount[] };
}

t.test('the files are mounted after what the spec mounts, read-only', async (t) => {
  const { mounts, before, text } = patched(t, {});
  t.strictSame(mounts, [...before, mountOf('/etc/hosts', FILES.hosts), mountOf('/etc/resolv.conf', FILES.resolvConf)]);
  t.match(text, '"hard": 18446744073709551615, "soft": 1.50', 'the rest stays as it was written');
  t.match(text, '/run/netnsd/netns/x');
});

t.test('without a resolv.conf only hosts is mounted', async (t) => {
  const { mounts, before } = patched(t, { files: { ...FILES, resolvConf: null as never } });
  t.strictSame(mounts.slice(before.length), [mountOf('/etc/hosts', FILES.hosts)]);
});

t.test('a spec without mounts gets them', async (t) => {
  const { mounts } = patched(t, {
    change: (spec) => {
      delete spec.mounts;
    },
  });
  t.strictSame(
    mounts.map(({ destination }) => destination),
    ['/etc/hosts', '/etc/resolv.conf'],
  );
});

t.test('what the spec mounts there itself is left alone', async (t) => {
  const own = { destination: '/etc/resolv.conf', type: 'bind', source: '/srv/dns/mine', options: ['ro'] };
  const one = patched(t, {
    change: (spec) => {
      spec.mounts = [own];
    },
  });
  t.strictSame(one.mounts, [own, mountOf('/etc/hosts', FILES.hosts)]);
  for (const destination of ['/etc', '/etc/']) {
    const volume = { destination, type: 'bind', source: '/srv/etc' };
    const none = patched(t, {
      change: (spec) => {
        spec.mounts = [volume];
      },
    });
    t.strictSame(none.mounts, [volume], `all of ${destination} is a volume`);
  }
});

t.test('mounts of an earlier lease are replaced where they stand, or taken out', async (t) => {
  const old = '/srv/other/dns/fedcba9876543210';
  const change = (spec: { mounts?: unknown }) => {
    const proc = { destination: '/proc', type: 'proc', source: 'proc' };
    const hosts = mountOf('/etc/hosts', `${old}/hosts`);
    spec.mounts = [hosts, proc, mountOf('/etc/resolv.conf', `${old}/resolv.conf`)];
  };
  const again = patched(t, { change });
  t.strictSame(
    again.mounts.map(({ source }) => source),
    [FILES.hosts, 'proc', FILES.resolvConf],
  );
  const off = patched(t, { change, files: null });
  t.strictSame(
    off.mounts.map(({ source }) => source),
    ['proc'],
    'a start on files that are gone would fail',
  );
});

t.test('without files the mounts are not touched', async (t) => {
  const { mounts, before } = patched(t, { files: null });
  t.strictSame(mounts, before);
});

t.test('mounts that are no array, or are there twice, are refused', async (t) => {
  t.throws(
    () =>
      patched(t, {
        change: (spec) => {
          spec.mounts = {};
        },
      }),
    { code: 'bundle_invalid', message: /mounts is not an array/ },
  );
  const twice = SPEC_TEXT.replace('"linux"', '"Mounts": [], "linux"');
  t.throws(() => readBundle(bundleOf(t, twice)), { code: 'bundle_invalid', message: /"Mounts" twice/ });
});
