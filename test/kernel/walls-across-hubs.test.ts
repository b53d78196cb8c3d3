import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { hostRules } from '../../src/endpoint/network/host-rules.js';
import { gatewayMac, macText } from '../../src/endpoint/plan.js';
import type { NetworkSettings } from '../../src/endpoint/types.js';
import { eventually } from '../runtime/eye.js';
import { built } from './built.js';
import { fakeHost, SETTINGS } from './fake-host.js';

/** One endpoint a hub: all that passes between two of them passes the root hub. */
const ACROSS: NetworkSettings = { ...SETTINGS, subnet6: 'fd00:213::/64', max: 2, endpointsPerHub: 1 };
const [TWO, TWO_6] = ['10.213.0.3', 'fd00:213::ad5:3'];
const GATEWAYS = ['10.213.0.1', 'fd00:213::1'];

/** Prints what comes by UDP until `end` does; 224.0.0.251 is the group of mDNS. */
const RECEIVER = `
import socket, struct
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(('', 5353))
one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton('224.0.0.251') + struct.pack('=I', 0) + struct.pack('=i', socket.if_nametoindex('eth0')))
print('listens', flush=True)
while True:
    data = one.recv(64).decode()
    print(data, flush=True)
    if data == 'end': break
`;

const SENDER = `
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
for to, text in (('10.213.255.255', b'broadcast'), ('224.0.0.251', b'multicast'), (sys.argv[1], b'end')): one.sendto(text, (to, 5353))
`;

/** Two endpoints in hubs of their own, a host that forwards, and the host's rules of such a pool. */
async function scene(t: Test, settings: Pick<NetworkSettings, 'isolation' | 'flood'>) {
  const fake = fakeHost(t);
  const inside = (path: string, ...command: string[]) =>
    execaSync('nsenter', [`--net=${path}`, ...command], { reject: false });
  const { targets, outcomes, network } = await built(t, fake, [0, 1], { ...ACROSS, ...settings });
  t.match(outcomes, [{ ok: true }, { ok: true }]);
  t.not(targets[0]?.port.hub.name, targets[1]?.port.hub.name, 'in different hubs');
  t.ok(network.root);
  const rules = hostRules(fake.site, [
    {
      name: 'default',
      subnet: ACROSS.subnet,
      subnet6: ACROSS.subnet6 ?? null,
      isolation: settings.isolation ?? 'none',
      masquerade: false,
      masqueradeExcept: [],
      publish: [],
      hostAccess: true,
      egressDeny: [],
      egressAllow: [],
      maxConnections: null,
      maxConnectionsPerSecond: null,
    },
  ]);
  execaSync('nsenter', [`--net=${fake.netnsPath}`, 'nft', '-f', '-'], { input: rules });
  inside(fake.netnsPath, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  const [one, two] = targets.map(({ plan }) => fake.pathOf(plan.name.id)) as [string, string];
  const uplink = (fake.ip('-j', 'link', 'show', 'type', 'veth') as { ifname: string }[])[0]?.ifname as string;
  const reaches = (to: string, wait = '1'): boolean =>
    inside(one, '/bin/busybox', 'ping', '-c1', '-W', wait, to).exitCode === 0;
  /** What is meant for a neighbour goes to the MAC of the gateway, by which the host gets it. */
  const byGateway = (...addresses: string[]): void => {
    for (const to of addresses)
      inside(
        one,
        'ip',
        'neigh',
        'replace',
        to,
        'lladdr',
        macText(gatewayMac(uplink)),
        'dev',
        'eth0',
        'nud',
        'permanent',
      );
  };
  return { one, two, reaches, byGateway };
}

t.test('endpoints of an isolated pool do not reach each other across hubs, nor by way of the host', async (t) => {
  const { reaches, byGateway } = await scene(t, { isolation: 'full' });
  for (const gateway of GATEWAYS) t.ok(reaches(gateway, '20'), gateway);
  for (const to of [TWO, TWO_6]) t.notOk(reaches(to), `${to}, directly`);
  byGateway(TWO, TWO_6);
  for (const to of [TWO, TWO_6]) t.notOk(reaches(to), `${to}, by the MAC of the gateway`);
});

t.test('the same ways lead there in a pool that is not isolated', async (t) => {
  const { reaches, byGateway } = await scene(t, { isolation: 'none' });
  for (const to of [TWO, TWO_6]) t.ok(reaches(to, '20'), `${to}, directly`);
  byGateway(TWO, TWO_6);
  for (const to of [TWO, TWO_6]) t.ok(reaches(to, '20'), `${to}, by the MAC of the gateway`);
});

for (const flood of [true, false]) {
  t.test(`broadcast and multicast pass hubs ${flood ? 'with flood' : 'with flood only'}`, async (t) => {
    const { one, two } = await scene(t, { isolation: 'none', flood });
    const receiver = execa('nsenter', [`--net=${two}`, 'python3', '-c', RECEIVER], { reject: false });
    t.teardown(() => receiver.kill('SIGKILL'));
    let received = '';
    receiver.stdout.on('data', (text) => {
      received += text;
    });
    await eventually('it listens', () => received.startsWith('listens'));
    execaSync('nsenter', [`--net=${one}`, 'python3', '-c', SENDER, TWO]);
    await receiver;
    t.same(received.trim().split('\n'), ['listens', ...(flood ? ['broadcast', 'multicast'] : []), 'end']);
  });
}
