import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { type Daemon, startDaemon } from '../daemon.js';
import { links } from '../eye.js';
import type { Case, Peer, Scene } from './case.js';
import { CASES } from './cases.js';
import { ETHERTYPE, ethernet, icmpEcho, ipv4, PROTOCOL, udp } from './frames.js';
import { framesProgram, Wire } from './wire.js';

/** `open` lets everything pass: what is sent there arrives, or the frame shows nothing about the other two. */
const POOLS = ['open', 'own', 'full'] as const;
type PoolName = (typeof POOLS)[number];
const common = (subnet: string): string =>
  `subnet = "${subnet}"\nmin_ready = 2\nmax = 8\nsizing = "fixed"\nmasquerade = false\negress_deny = []\n`;
const TOML = `reconcile_seconds = 3600
[pools.open]
${common('10.213.0.0/24')}anti_spoof = false
[pools.own]
${common('10.214.0.0/24')}
[pools.full]
${common('10.215.0.0/24')}isolation = "full"
`;
/** How often it is waited until all that was sent before has arrived: what the host routes goes the same way twice. */
const ROUNDS = 3;

interface Place extends Peer {
  readonly wire: Wire;
}
interface Stage extends Scene {
  readonly attacker: Place;
  readonly neighbour: Place;
  readonly gateway: Place;
  readonly path: string;
}

async function stageOf(t: Test, daemon: Daemon, pool: PoolName, program: string): Promise<Stage> {
  const leases = [await daemon.acquire('--pool', pool), await daemon.acquire('--pool', pool)];
  const [attacker, neighbour] = await Promise.all(
    leases.map(async ({ addresses, interface: { mac, name }, netns }) => ({
      address: addresses[0]?.address.split('/')[0] as string,
      mac,
      wire: await Wire.open(t, program, name, netns.path),
    })),
  );
  const gatewayAddress = leases[0]?.addresses[0]?.gateway as string;
  const uplink = (await links()).find(({ addr_info }) => addr_info.some(({ local }) => local === gatewayAddress));
  if (uplink === undefined || attacker === undefined || neighbour === undefined) throw new Error('no uplink');
  const gateway = { address: gatewayAddress, mac: uplink.address, wire: await Wire.open(t, program, uplink.ifname) };
  return { attacker, neighbour, gateway, path: leases[0]?.netns.path as string };
}

/** Nothing like it is in a frame by chance. */
const token = (number: number): string => `ca5eca5e${number.toString(16).padStart(4, '0')}5eca5eca`;

function plain(from: Peer, to: Peer, content: string): string {
  const packet = ipv4({ from: from.address, to: to.address, content: udp({ content }) });
  return ethernet({ from: from.mac, to: to.mac, type: ETHERTYPE.ipv4, content: packet });
}

/** An ICMP echo request. */
function echo(from: Peer, to: Peer, content: string): string {
  const packet = ipv4({ from: from.address, to: to.address, protocol: PROTOCOL.icmp, content: icmpEcho(content) });
  return ethernet({ from: from.mac, to: to.mac, type: ETHERTYPE.ipv4, content: packet });
}

/** Resolves when what was sent before has arrived, or never will. */
async function settle({ attacker, neighbour, gateway }: Stage, first: number): Promise<void> {
  for (let round = first; round < first + ROUNDS; round += 1) {
    await attacker.wire.send(plain(attacker, gateway, token(round)));
    await gateway.wire.send(plain(gateway, neighbour, token(round)));
    await Promise.all([gateway.wire.arrival(token(round)), neighbour.wire.arrival(token(round))]);
  }
}

const expected = (one: Case, pool: PoolName): boolean => (pool === 'open' ? true : one[pool]);

t.test('what an endpoint may send, and to whom', async (t) => {
  const program = framesProgram();
  execaSync('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  t.teardown(() => execaSync('sysctl', ['-qw', 'net.ipv4.ip_forward=0']));
  await using daemon = await startDaemon(t, TOML);
  const stages = await Promise.all(POOLS.map(async (pool) => [pool, await stageOf(t, daemon, pool, program)] as const));

  for (const [pool, stage] of stages) {
    await stage.attacker.wire.send(...CASES.map((one, at) => one.frame(stage, token(at))));
    await settle(stage, 1000);
    for (const [at, one] of CASES.entries())
      t.equal(stage[one.at].wire.has(token(at)), expected(one, pool), `${pool}: ${one.what}, seen by the ${one.at}`);
  }

  for (const [pool, stage] of stages) {
    const { attacker, neighbour, gateway } = stage;
    await neighbour.wire.send(plain(neighbour, gateway, token(2000)));
    await settle(stage, 2001);
    t.ok(gateway.wire.has(token(2000)), `${pool}: what a neighbour sends to the gateway arrives`);
    t.notOk(attacker.wire.has(token(2000)), `${pool}: a promiscuous neighbour does not see it`);
  }

  for (const [pool, stage] of stages) {
    const { attacker, gateway } = stage;
    // Of any hub's bridge, which has no address.
    const hub = { mac: '06:58:00:00:00:01', address: gateway.address };
    await attacker.wire.send(echo(attacker, gateway, token(2500)), echo(attacker, hub, token(2501)));
    await settle(stage, 2502);
    await attacker.wire.arrival(token(2500));
    t.notOk(attacker.wire.has(token(2501)), `${pool}: the hub itself answers nothing`);
  }

  for (const [pool, stage] of stages) {
    const inside = (...command: string[]) => execa('nsenter', [`--net=${stage.path}`, ...command], { reject: false });
    await inside('ip', 'link', 'add', 'second', 'link', 'eth0', 'address', '02:00:00:00:aa:aa', 'type', 'macvlan');
    await inside('ip', 'address', 'add', stage.attacker.address.replace(/\d+$/, '200/24'), 'dev', 'second');
    await inside('ip', 'link', 'set', 'second', 'up');
    await inside('/bin/busybox', 'arping', '-c1', '-w1', '-I', 'second', stage.attacker.address.replace(/\d+$/, '250'));
    await settle(stage, 3000);
    t.equal(stage.gateway.wire.has('02000000aaaa'), pool === 'open', `${pool}: a second MAC by macvlan`);
  }
});
