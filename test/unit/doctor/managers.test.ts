import t, { type Test } from 'tap';
import { bridgeMac, bridgeName, macText } from '../../../src/endpoint/plan.js';
import { machineOf, runCheck, runOnce } from './machine.js';

/** Of the default pool's bridge. */
const BRIDGE_MAC = macText(
  bridgeMac(bridgeName({ instanceId: 'df5c', identity: '', stateDir: '', netnsDir: null }, 'default', 0)),
);

const NETWORKD = { running: new Set(['systemd-network']) };
const UDEV = { running: new Set(['systemd-udevd']) };
const ETC = '/etc/systemd/network';
const LIB = '/usr/lib/systemd/network';

t.test('a link manager that is not running is ok', async (t) => {
  const files = {
    [`${ETC}/all.network`]: '[Match]\nName=*\n',
    [`${ETC}/all.link`]: '[Match]\nOriginalName=*\n[Link]\nName=x\n',
    '/etc/udev/rules.d/a.rules': 'SUBSYSTEM=="net", NAME="x"\n',
  };
  for (const name of ['systemd-networkd', 'udev-link-files', 'udev-rules', 'NetworkManager', 'dhcpcd'])
    t.match(runOnce(name, machineOf(t, files)), { status: 'ok' }, name);
});

/** What networkd makes of a file: the kinds of links that it takes. */
function taken(t: Test, files: Record<string, string>): string[] {
  return runCheck('systemd-networkd', machineOf(t, files, NETWORKD))
    .filter(({ status }) => status === 'fail')
    .map(({ message }) => (/such as nb/.test(message) ? 'bridge' : 'veth'));
}

const MATCHES: [match: string, taken: string[]][] = [
  ['Name=*', ['veth', 'bridge']],
  ['Name=en* eth*', []],
  ['Name=!en* eth*', ['veth', 'bridge']],
  ['Name=! nd* nb*', []],
  ['Type=ether', ['veth']],
  ['Type=bridge', ['bridge']],
  ['Kind=veth', ['veth']],
  ['Driver=bridge', ['bridge']],
  ['MACAddress=00:11:22:33:44:55', []],
  [`MACAddress=${BRIDGE_MAC.toUpperCase()}`, ['bridge']],
  ['Path=pci-*', []],
  ['Property=ID_BUS=usb', []],
  ['Property=ID_NET_DRIVER=veth', ['veth']],
  ['Virtualization=no', ['veth', 'bridge']],
  ['Name=\nType=bridge', ['bridge']],
  ['# Name=en*', ['veth', 'bridge']],
];
for (const [match, links] of MATCHES) {
  t.test(`networkd and [Match] ${match.replace('\n', ', ')}: ${links.join(' and ') || 'none'}`, async (t) => {
    t.same(taken(t, { [`${ETC}/10-x.network`]: `[Match]\n${match}\n[Network]\nDHCP=yes\n` }), links);
  });
}

t.test("systemd's own files match none; the first that matches applies, in any folder", async (t) => {
  const shipped = {
    [`${LIB}/80-container-vb.network`]: '[Match]\nName=vb-*\nDriver=veth\n[Network]\nKeepMaster=yes\n',
  };
  const all = '[Match]\nName=*\n';
  t.same(taken(t, shipped), []);
  t.same(taken(t, { ...shipped, [`${LIB}/99-all.network`]: all }), ['veth', 'bridge']);
  const unmanaged = '[Match]\nName=nd????-* nb????-*\n[Link]\nUnmanaged=yes\n';
  t.same(taken(t, { [`${LIB}/99-all.network`]: all, [`${ETC}/05-netnsd.network`]: unmanaged }), []);
  t.same(taken(t, { [`${LIB}/01-all.network`]: all, [`${ETC}/05-netnsd.network`]: unmanaged }), ['veth', 'bridge']);
  t.same(taken(t, { [`${LIB}/01-all.network`]: all, [`${ETC}/01-all.network`]: '' }), [], 'masked');
  t.same(
    taken(t, {
      [`${LIB}/01-all.network`]: all,
      '/run/systemd/network/01-all.network.d/a.conf': '[Link]\nUnmanaged=true\n',
    }),
    [],
  );
});

t.test('the advice for networkd is a file that solves it', async (t) => {
  const all = { [`${ETC}/10-all.network`]: '[Match]\nName=*\n' };
  const [first] = runCheck('systemd-networkd', machineOf(t, all, NETWORKD));
  t.match(first, {
    message: /^\/etc\/systemd\/network\/10-all\.network makes systemd-networkd manage links such as nddf5c-1$/,
  });
  const [, text = '', path = ''] = /^printf '(.*)' > (.*)$/m.exec(first?.advice ?? '') ?? [];
  t.same(taken(t, { ...all, [path]: text.replaceAll('\\n', '\n') }), []);
});

t.test('a .link file that sets a name, MAC or MTU is reported; policies are not', async (t) => {
  const shipped = '[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel\nMACAddressPolicy=persistent\n';
  const found = (files: Record<string, string>) => runCheck('udev-link-files', machineOf(t, files, UDEV));
  t.match(found({ [`${LIB}/99-default.link`]: shipped }), [{ status: 'ok' }]);
  const bad = (settings: string) => ({ [`${ETC}/10-x.link`]: `[Match]\nDriver=veth\n[Link]\n${settings}\n` });
  t.match(found(bad('Name=lan0')), [{ status: 'fail', message: /sets Name of links such as nddf5c-1/ }]);
  t.match(found(bad('NamePolicy=path\nName=lan0\nMTUBytes=9000')), [{ message: /sets MTUBytes and Name/ }]);
  t.match(found(bad('NamePolicy=keep\nName=lan0')), [{ status: 'ok' }]);
  const [first] = found(bad('MACAddress=00:11:22:33:44:55'));
  t.match(first, { status: 'fail', message: /sets MACAddress/ });
  const [, text = '', path = ''] = /^printf '(.*)' > (.*)$/m.exec(first?.advice ?? '') ?? [];
  t.match(found({ ...bad('Name=lan0'), [path]: text.replaceAll('\\n', '\n') }), [{ status: 'ok' }]);
});

const RULES: [rule: string, renames: boolean][] = [
  ['SUBSYSTEM=="net", ACTION=="add", NAME="lan0"', true],
  ['SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:11:22:33:44:55", NAME="eth0"', false],
  ['SUBSYSTEM=="net", ATTR{address}=="0e:58:*", NAME="lan%n"', true],
  ['SUBSYSTEM=="net", KERNEL=="nd*", NAME:="x"', true],
  ['SUBSYSTEM=="net", KERNEL!="nd????-*|nb????-*", NAME="x"', false],
  ['SUBSYSTEM=="net", ENV{ID_NET_DRIVER}=="bridge", ATTR{type}=="1", NAME="x"', true],
  ['SUBSYSTEM=="block", NAME="x"', false],
  ['SUBSYSTEM=="net", ENV{SYSTEMD_NAME}="x"', false],
  ['# SUBSYSTEM=="net", NAME="x"', false],
];
for (const [rule, renames] of RULES) {
  t.test(`udev ${renames ? 'renames by' : 'renames nothing by'} ${rule}`, async (t) => {
    const [first] = runCheck('udev-rules', machineOf(t, { '/etc/udev/rules.d/70-net.rules': `${rule}\n` }, UDEV));
    t.match(
      first,
      renames ? { status: 'fail', message: /70-net\.rules renames/, advice: /KERNEL!=/ } : { status: 'ok' },
    );
  });
}

const UNMANAGED: [files: Record<string, string>, status: string][] = [
  [{}, 'warn'],
  [{ 'NetworkManager.conf': '[keyfile]\nunmanaged-devices=interface-name:nb*;interface-name:nd*\n' }, 'ok'],
  [{ 'conf.d/a.conf': '[keyfile]\nunmanaged-devices=interface-name:docker*\n' }, 'warn'],
  [{ 'conf.d/a.conf': '[keyfile]\nunmanaged-devices=*,except:type:wifi\n' }, 'ok'],
  [{ 'conf.d/a.conf': '[keyfile]\nunmanaged-devices=*,except:type:bridge\n' }, 'warn'],
  [{ 'conf.d/a.conf': '[keyfile]\nunmanaged-devices=interface-name:=nbdf5c-xiob.0\n' }, 'ok'],
  [{ 'conf.d/a.conf': `[keyfile]\nunmanaged-devices=mac:${BRIDGE_MAC}\n` }, 'ok'],
  [
    { 'conf.d/a.conf': '[keyfile]\nunmanaged-devices=nb*\n', 'conf.d/b.conf': '[keyfile]\nunmanaged-devices=none\n' },
    'warn',
  ],
  [
    { 'conf.d/a.conf': '[keyfile]\nunmanaged-devices=nb*\n', 'conf.d/b.conf': '[keyfile]\nunmanaged-devices+=x\n' },
    'ok',
  ],
];
for (const [files, status] of UNMANAGED) {
  t.test(`NetworkManager and ${JSON.stringify(files)}: ${status}`, async (t) => {
    const running = { running: new Set(['NetworkManager']) };
    const paths = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`/etc/NetworkManager/${name}`, text]),
    );
    const found = runOnce('NetworkManager', machineOf(t, paths, running));
    t.equal(found.status, status);
    if (status === 'ok') return;
    const [, text = '', path = ''] = /^printf '(.*)' > (.*)$/m.exec(found.advice ?? '') ?? [];
    const solved = { ...paths, [path.replace('90-', 'zz-')]: text.replaceAll('\\n', '\n') };
    const excepted = JSON.stringify(files).includes('except:type:bridge');
    t.equal(runOnce('NetworkManager', machineOf(t, solved, running)).status, excepted ? 'warn' : 'ok');
  });
}

t.test('ifupdown: names and patterns that match', async (t) => {
  const found = (text: string) => runCheck('ifupdown', machineOf(t, { '/etc/network/interfaces': text }));
  t.match(found('auto lo eth0\niface eth0 inet dhcp\n# auto /*\n'), [{ status: 'ok' }]);
  t.match(found('auto /eth*\n'), [{ status: 'ok' }]);
  t.match(found('auto lo /*\niface nddf5c-1 inet manual\n'), [
    { status: 'warn', message: /interfaces matches netnsd's links: auto lo \/\*$/ },
    { status: 'warn', message: /iface nddf5c-1/ },
  ]);
  const inFolder = machineOf(t, { '/etc/network/interfaces.d/all': 'allow-hotplug /nb*=br\n' });
  t.match(runCheck('ifupdown', inFolder), [{ status: 'warn', message: /interfaces\.d\/all/ }]);
});

t.test('dhcpcd: links that are denied or not allowed are ok', async (t) => {
  const found = (text: string) =>
    runOnce('dhcpcd', machineOf(t, { '/etc/dhcpcd.conf': text }, { running: new Set(['dhcpcd']) }));
  t.match(found(''), { status: 'warn', message: /nddf5c-1 and nbdf5c-/, advice: /denyinterfaces nd\?\?\?\?-\* nb/ });
  t.match(found('denyinterfaces nd*\n'), { status: 'warn', message: /links such as nbdf5c-xiob\.0$/ });
  t.match(found('denyinterfaces nd????-* nb????-*\n'), { status: 'ok' });
  t.match(found('allowinterfaces eth0, wlan0\n'), { status: 'ok' });
  t.match(found('allowinterfaces *\n'), { status: 'warn' });
});
