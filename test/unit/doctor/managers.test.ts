import t, { type Test } from 'tap';
import { gatewayMac, macText } from '../../../src/endpoint/plan.js';
import { machineOf, runCheck, runOnce } from './machine.js';

const UPLINK_MAC = macText(gatewayMac('nbdf5c-xiob'));

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
  for (const name of ['systemd-networkd', 'udev-link-files', 'udev-rules', 'dhcpcd'])
    t.match(runOnce(name, machineOf(t, files)), { status: 'ok' }, name);
});

/** Whether networkd takes the uplink by a file. */
function taken(t: Test, files: Record<string, string>): boolean {
  return runOnce('systemd-networkd', machineOf(t, files, NETWORKD)).status === 'fail';
}

const MATCHES: [match: string, taken: boolean][] = [
  ['Name=*', true],
  ['Name=en* eth*', false],
  ['Name=!en* eth*', true],
  ['Name=! nd* nb*', false],
  ['Type=ether', true],
  ['Type=bridge', false],
  ['Kind=veth', true],
  ['Driver=bridge', false],
  ['MACAddress=00:11:22:33:44:55', false],
  [`MACAddress=${UPLINK_MAC.toUpperCase()}`, true],
  ['Path=pci-*', false],
  ['Property=ID_BUS=usb', false],
  ['Property=ID_NET_DRIVER=veth', true],
  ['Virtualization=no', true],
  ['Name=\nType=ether', true],
  ['# Name=en*', true],
];
for (const [match, isTaken] of MATCHES) {
  t.test(`networkd and [Match] ${match.replace('\n', ', ')}: ${isTaken ? 'taken' : 'left alone'}`, async (t) => {
    t.equal(taken(t, { [`${ETC}/10-x.network`]: `[Match]\n${match}\n[Network]\nDHCP=yes\n` }), isTaken);
  });
}

t.test("systemd's own files match none; the first that matches applies, in any folder", async (t) => {
  const shipped = {
    [`${LIB}/80-container-vb.network`]: '[Match]\nName=vb-*\nDriver=veth\n[Network]\nKeepMaster=yes\n',
  };
  const all = '[Match]\nName=*\n';
  t.notOk(taken(t, shipped));
  t.ok(taken(t, { ...shipped, [`${LIB}/99-all.network`]: all }));
  const unmanaged = '[Match]\nName=nb????-*\n[Link]\nUnmanaged=yes\n';
  t.notOk(taken(t, { [`${LIB}/99-all.network`]: all, [`${ETC}/05-netnsd.network`]: unmanaged }));
  t.ok(taken(t, { [`${LIB}/01-all.network`]: all, [`${ETC}/05-netnsd.network`]: unmanaged }));
  t.notOk(taken(t, { [`${LIB}/01-all.network`]: all, [`${ETC}/01-all.network`]: '' }), 'masked');
  t.notOk(
    taken(t, {
      [`${LIB}/01-all.network`]: all,
      '/run/systemd/network/01-all.network.d/a.conf': '[Link]\nUnmanaged=true\n',
    }),
  );
});

t.test('the advice for networkd is a file that solves it', async (t) => {
  const all = { [`${ETC}/10-all.network`]: '[Match]\nName=*\n' };
  const [first] = runCheck('systemd-networkd', machineOf(t, all, NETWORKD));
  t.match(first, {
    message: /^\/etc\/systemd\/network\/10-all\.network makes systemd-networkd manage links such as nbdf5c-xiob$/,
  });
  const [, text = '', path = ''] = /^printf '(.*)' > (.*)$/m.exec(first?.advice ?? '') ?? [];
  t.notOk(taken(t, { ...all, [path]: text.replaceAll('\\n', '\n') }));
});

t.test('a .link file that sets a name, MAC or MTU is reported; policies are not', async (t) => {
  const shipped = '[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel\nMACAddressPolicy=persistent\n';
  const found = (files: Record<string, string>) => runCheck('udev-link-files', machineOf(t, files, UDEV));
  t.match(found({ [`${LIB}/99-default.link`]: shipped }), [{ status: 'ok' }]);
  const bad = (settings: string) => ({ [`${ETC}/10-x.link`]: `[Match]\nDriver=veth\n[Link]\n${settings}\n` });
  t.match(found(bad('Name=lan0')), [{ status: 'fail', message: /sets Name of links such as nbdf5c-xiob/ }]);
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
  ['SUBSYSTEM=="net", ATTR{address}=="06:58:*", NAME="lan%n"', true],
  ['SUBSYSTEM=="net", KERNEL=="nb*", NAME:="x"', true],
  ['SUBSYSTEM=="net", KERNEL!="nd????-*|nb????-*", NAME="x"', false],
  ['SUBSYSTEM=="net", ENV{ID_NET_DRIVER}=="veth", ATTR{type}=="1", NAME="x"', true],
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

t.test('ifupdown: names and patterns that match', async (t) => {
  const found = (text: string) => runCheck('ifupdown', machineOf(t, { '/etc/network/interfaces': text }));
  t.match(found('auto lo eth0\niface eth0 inet dhcp\n# auto /*\n'), [{ status: 'ok' }]);
  t.match(found('auto /eth*\n'), [{ status: 'ok' }]);
  t.match(found('auto lo /*\niface nbdf5c-xiob inet manual\n'), [
    { status: 'warn', message: /interfaces matches netnsd's links: auto lo \/\*$/ },
    { status: 'warn', message: /iface nbdf5c-xiob/ },
  ]);
  const inFolder = machineOf(t, { '/etc/network/interfaces.d/all': 'allow-hotplug /nb*=br\n' });
  t.match(runCheck('ifupdown', inFolder), [{ status: 'warn', message: /interfaces\.d\/all/ }]);
});

t.test('dhcpcd: links that are denied or not allowed are ok', async (t) => {
  const found = (text: string) =>
    runOnce('dhcpcd', machineOf(t, { '/etc/dhcpcd.conf': text }, { running: new Set(['dhcpcd']) }));
  t.match(found(''), { status: 'warn', message: /nbdf5c-xiob$/, advice: /denyinterfaces nb\?\?\?\?-\*/ });
  t.match(found('denyinterfaces docker*\n'), { status: 'warn', message: /links such as nbdf5c-xiob$/ });
  t.match(found('denyinterfaces nb????-*\n'), { status: 'ok' });
  t.match(found('allowinterfaces eth0, wlan0\n'), { status: 'ok' });
  t.match(found('allowinterfaces *\n'), { status: 'warn' });
});
