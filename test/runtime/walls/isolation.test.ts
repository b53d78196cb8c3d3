import { writeFileSync } from 'node:fs';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { Lease } from '../../../src/pool/types.js';
import { type Daemon, startDaemon } from '../daemon.js';
import { eventually, hubOf } from '../eye.js';

const common = (subnet: string): string =>
  `subnet = "${subnet}"\nmin_ready = 2\nmax = 8\nsizing = "fixed"\naddress_cooldown_seconds = 0\n`;
const toml = (isolation: string): string => `reconcile_seconds = 3600
[pools.full]
${common('10.213.0.0/24')}isolation = "${isolation}"
publish = ["8080/tcp"]
[pools.shut]
${common('10.214.0.0/24')}isolation = "full"
host_access = false
[pools.open]
${common('10.215.0.0/24')}
`;
const HOST = '/proc/self/ns/net';
const [CONTAINER_PORT, HOST_PORT] = [8080, 9090];

const addressOf = (lease: Lease): string => lease.addresses[0]?.address.split('/')[0] as string;
const gatewayOf = (lease: Lease): string => lease.addresses[0]?.gateway as string;
const inside = (path: string, ...command: string[]) =>
  execa('nsenter', [`--net=${path}`, ...command], { reject: false });

/** Whether a server answers, within a second or at once. */
async function reaches(from: string, address: string, port: number): Promise<boolean> {
  const { stdout } = await inside(from, '/bin/busybox', 'nc', '-w', '1', address, String(port));
  return stdout === 'hello';
}

/** A server in a namespace, which ends with the test. */
async function serveIn(t: Test, path: string, address: string, port: number): Promise<void> {
  const server = inside(path, '/bin/busybox', 'nc', '-ll', '-p', String(port), '-e', '/bin/busybox', 'echo', 'hello');
  t.teardown(() => server.kill('SIGKILL'));
  await eventually(`${address} listens`, () => reaches(path, address, port));
}

const pairOf = async (daemon: Daemon, pool: string): Promise<[Lease, Lease]> => [
  await daemon.acquire('--pool', pool),
  await daemon.acquire('--pool', pool),
];

async function findings(daemon: Daemon): Promise<object[]> {
  return ((await daemon.send('POST', '/v1/reconcile', { fix: true })).body as { findings: object[] }).findings;
}

t.test('containers of an isolated pool reach the gateway and published ports, and not each other', async (t) => {
  await using daemon = await startDaemon(t, toml('full'));
  const [one, two] = await pairOf(daemon, 'full');
  const [shut] = await pairOf(daemon, 'shut');
  const [open, other] = await pairOf(daemon, 'open');
  const published = two.publishedPorts[0]?.hostPort as number;
  for (const lease of [two, other]) await serveIn(t, lease.netns.path, addressOf(lease), CONTAINER_PORT);
  await serveIn(t, HOST, gatewayOf(open), HOST_PORT);

  const ways: [what: string, from: string, address: string, port: number, reached: boolean][] = [
    ['another one of an open pool', open.netns.path, addressOf(other), CONTAINER_PORT, true],
    ['another one of an isolated pool', one.netns.path, addressOf(two), CONTAINER_PORT, false],
    ["its published port, by the host's", one.netns.path, gatewayOf(one), published, true],
    ['the same from another pool', open.netns.path, gatewayOf(open), published, true],
    ['the same from a pool without the host', shut.netns.path, gatewayOf(shut), published, true],
    ['its own port from another pool', open.netns.path, addressOf(two), CONTAINER_PORT, false],
    ['its own port from the host', HOST, addressOf(two), CONTAINER_PORT, true],
    ['a service of the host', open.netns.path, gatewayOf(open), HOST_PORT, true],
    ['the same from an isolated pool', one.netns.path, gatewayOf(one), HOST_PORT, true],
    ["the same by another pool's gateway", open.netns.path, gatewayOf(one), HOST_PORT, true],
    ['the same without host_access', shut.netns.path, gatewayOf(shut), HOST_PORT, false],
    ["the same by another pool's gateway without host_access", shut.netns.path, gatewayOf(one), HOST_PORT, false],
  ];
  await Promise.all(
    ways.map(async ([what, from, address, port, reached]) =>
      t.equal(await reaches(from, address, port), reached, what),
    ),
  );

  const hub = hubOf(daemon, 'full');
  const neighbours = () => reaches(one.netns.path, addressOf(two), CONTAINER_PORT);
  await inside(hub, 'bridge', 'link', 'set', 'dev', two.interface.hostName, 'isolated', 'off');
  t.ok(await neighbours(), 'a port that is no longer isolated lets them through');
  t.match(await findings(daemon), [{ problem: /has other settings as a port/, outcome: 'done' }]);
  t.notOk(await neighbours(), 'reconcile mends it');
  await inside(hub, 'nft', 'flush', 'ruleset');
  const rules = async (): Promise<string> => (await inside(hub, 'nft', 'list', 'ruleset')).stdout;
  await eventually('the rules of a hub are restored', async () => (await rules()).includes('policy drop'));
  await inside(hub, 'nft', 'insert', 'rule', 'bridge', 'netnsd', 'guard', 'accept');
  await eventually(
    'a rule of others is removed',
    async () => !/\{[^}]*hook prerouting[^}]*\n\s*accept\n/.test(await rules()),
  );
  t.same(await findings(daemon), []);
  await daemon.stop('SIGKILL');
  t.notOk(await neighbours(), 'nor while no daemon runs');
});

t.test('a change of isolation holds for leases that stand, after a restart and after a reload', async (t) => {
  await using daemon = await startDaemon(t, toml('none'));
  const pair = await pairOf(daemon, 'full');
  const [one, two] = pair;
  await serveIn(t, two.netns.path, addressOf(two), CONTAINER_PORT);
  const neighbours = () => reaches(one.netns.path, addressOf(two), CONTAINER_PORT);
  t.ok(await neighbours());
  for (const [isolation, wanted, way] of [
    ['full', false, 'restart'],
    ['none', true, 'reload'],
    ['full', false, 'reload'],
  ] as const) {
    writeFileSync(daemon.configFile, toml(isolation));
    if (way === 'restart') {
      await daemon.stop();
      daemon.start();
      await daemon.answers();
    } else await daemon.cli('reload');
    await eventually(`${isolation} after a ${way}`, async () => (await neighbours()) === wanted);
    t.same(await daemon.leases(), pair);
  }
});
