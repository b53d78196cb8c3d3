import { execa } from 'execa';
import t from 'tap';
import type { Lease } from '../../../src/pool/types.js';
import { type Daemon, startDaemon } from '../daemon.js';
import { hubOf } from '../eye.js';
import { OTHER_MAC, packet, unused } from './case.js';
import { arp, ETHERTYPE, ethernet } from './frames.js';
import { framesProgram, Wire } from './wire.js';

const pool = (name: string, subnet: number, more: string): string =>
  `[pools.${name}]\nsubnet = "10.${subnet}.0.0/24"\nmin_ready = 3\nmax = 8\nsizing = "fixed"\n${more}\n`;
const TOML = `reconcile_seconds = 3600\n${pool('flooded', 213, 'flood = true')}${pool('quiet', 214, '')}`;
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const [MDNS, MDNS_MAC] = ['224.0.0.251', '01:00:5e:00:00:fb'];

const peerOf = ({ interface: { mac }, addresses }: Lease) => ({
  mac,
  address: addresses[0]?.address.split('/')[0] as string,
});

async function pairOf(daemon: Daemon, name: string): Promise<[Lease, Lease]> {
  return [await daemon.acquire('--pool', name), await daemon.acquire('--pool', name)];
}

t.test('broadcast and multicast reach the containers of a pool with flood, and of no other', async (t) => {
  await using daemon = await startDaemon(t, TOML);
  const program = framesProgram();

  /** Whether each kind of frame from one container arrives at another one. */
  async function arrivals(name: string): Promise<boolean[]> {
    const [one, two] = await pairOf(daemon, name);
    const [sender, receiver] = [peerOf(one), peerOf(two)];
    const scene = { attacker: sender, neighbour: receiver, gateway: receiver };
    const from = await Wire.open(t, program, 'eth0', one.netns.path);
    const at = await Wire.open(t, program, 'eth0', two.netns.path);
    const [all, group, unknown, question, direct] = ['a1a1a1a1', 'b2b2b2b2', 'c3c3c3c3', 'd4d4d4d4', 'e5e5e5e5'];
    const ip = (to: string, address: string, token: string) =>
      ethernet({ from: sender.mac, to, type: ETHERTYPE.ipv4, content: packet(sender.address, address, token) });
    const request = { operation: 1 as const, senderMac: sender.mac, sender: sender.address, target: receiver.address };
    await from.send(
      ip(BROADCAST, '255.255.255.255', all),
      ip(MDNS_MAC, MDNS, group),
      ip(OTHER_MAC, unused(scene), unknown),
      ethernet({
        from: sender.mac,
        to: BROADCAST,
        type: ETHERTYPE.arp,
        content: arp({ ...request, content: question }),
      }),
      ip(receiver.mac, receiver.address, direct),
    );
    await at.arrival(direct);
    return [all, group, unknown, question].map((token) => at.has(token));
  }

  const kinds = 'broadcast, multicast, a MAC of no endpoint, a question that the hub answers';
  t.same(await arrivals('flooded'), [true, true, false, false], kinds);
  t.same(await arrivals('quiet'), [false, false, false, false], kinds);

  const lease = await daemon.acquire('--pool', 'flooded');
  const port = ['ip', 'link', 'set', lease.interface.hostName, 'type', 'bridge_slave', 'proxy_arp', 'on'];
  await execa('nsenter', [`--net=${hubOf(daemon, 'flooded')}`, ...port]);
  const { body } = await daemon.send('POST', '/v1/reconcile', { fix: true });
  t.match((body as { findings: object[] }).findings, [{ problem: /has other settings as a port/, outcome: 'done' }]);
  t.same(await arrivals('flooded'), [true, true, false, false], kinds);
});
