import { setTimeout as delay } from 'node:timers/promises';
import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { buildEndpoints } from '../../src/endpoint/build/build.js';
import { transactAll } from '../../src/endpoint/hub/socket-request.js';
import { repairNetwork } from '../../src/endpoint/network/network-repair.js';
import { planEndpoint } from '../../src/endpoint/plan.js';
import type { NetworkSettings } from '../../src/endpoint/types.js';
import { readyProblem } from '../../src/endpoint/verify/ready-check.js';
import { INSIDE_BREAKS, NETWORK_BREAKS } from './breaks.js';
import { endpointName, type FakeHost, fakeHost, openNetwork, SETTINGS } from './fake-host.js';

/** Two endpoints a hub, so that there are two hubs and a root hub. */
const NETWORK = {
  ...SETTINGS,
  subnet6: 'fd00:213::/64',
  max: 4,
  endpointsPerHub: 2,
  rateInBits: 1e9,
  rateOutBits: 1e9,
  routes: [
    { destination: '10.9.0.0/16', gateway: '10.213.0.4' },
    { destination: 'fd00:9::/48', gateway: 'fd00:213::ad5:4' },
  ],
  sysctls: { 'net.core.somaxconn': '321' },
};
const NAMES = [1, 2, 3].map(endpointName);

async function scene(t: Test, settings: NetworkSettings = NETWORK) {
  const fake = fakeHost(t);
  const { host, network } = await openNetwork(t, fake, settings);
  const targets = [];
  for (const name of NAMES)
    targets.push({ plan: planEndpoint(fake.site, NETWORK, name), port: await network.attach(name.id) });
  const built = buildEndpoints({ host, targets });
  const inodes = built.map((outcome) => {
    if (!outcome.ok) throw outcome.error;
    return outcome.value;
  });
  const repair = (fix: boolean) => repairNetwork({ host, site: fake.site, network, endpoints: NAMES, fix });
  /** Looks until nothing is announced any more of what making it brought about: from then on only changes are looked at. */
  const settle = async (): Promise<void> => {
    const versions = () => network.allHubs.map(({ view }) => view.version).join();
    for (let before = ''; before !== versions(); await delay(20)) {
      before = versions();
      t.same(await repair(true), []);
    }
  };
  return { fake, host, network, targets, inodes, repair, settle };
}

/** `ip …` or `bridge …` in the fake host, or in a hub where the first word is `hub:NAME`; `umount` in the vault. */
function run(fake: FakeHost, words: readonly string[]): void {
  const [first = '', ...rest] = words;
  const hub = /^hub:(.+)$/.exec(first)?.[1];
  const line = hub === undefined ? words : rest;
  if (line[0] === 'umount') {
    fake.umountHub(hub ?? '');
    return;
  }
  const command = ['bridge', 'nft', 'sysctl', 'tc'].includes(line[0] ?? '') ? line : ['ip', ...line];
  execaSync('nsenter', [`--net=${hub === undefined ? fake.netnsPath : fake.hubPath(hub)}`, ...command]);
}

/** Whether each endpoint reaches the gateway and the others, and the host reaches each, with no learnt neighbours to help. */
function reachable(fake: FakeHost): boolean {
  const paths = NAMES.map(({ id }) => fake.pathOf(id));
  const addresses = NAMES.flatMap(({ index }) => [`10.213.0.${index + 2}`, `fd00:213::ad5:${index + 2}`]);
  for (const path of paths) execaSync('nsenter', [`--net=${path}`, 'ip', 'neighbour', 'flush', 'all']);
  const pings = [
    ...addresses.map((to) => [fake.netnsPath, to] as const),
    ...paths.flatMap((from) => ['10.213.0.1', 'fd00:213::1', ...addresses].map((to) => [from, to] as const)),
  ];
  return pings.every(([from, to]) => {
    const ping = ['/bin/busybox', 'ping', '-c1', '-W10', to];
    return execaSync('nsenter', [`--net=${from}`, ...ping], { reject: false }).exitCode === 0;
  });
}

t.test(
  'a network as it was made has no faults, and its hubs are not read again before something changes',
  async (t) => {
    const { fake, network, repair, settle } = await scene(t);
    t.ok(reachable(fake));
    await settle();
    const read = new Set<string>();
    for (const { name, socket } of network.allHubs) {
      const { dump } = socket;
      socket.dump = (request) => {
        read.add(name);
        return dump.call(socket, request);
      };
    }
    t.same(await repair(true), []);
    t.same([...read], []);
    run(fake, ['hub:default.1', 'link', 'set', 'ndtest-3', 'mtu', '1400']);
    t.same(await repair(true), []);
    t.same(
      [...read].sort(),
      ['default.1', 'default.root'],
      'the hub, and the entries of its endpoints in the root hub',
    );
    read.clear();
    await settle();
    t.same([...read], []);
  },
);

for (const [title, { commands, problem, object, repaired }] of Object.entries(NETWORK_BREAKS)) {
  t.test(`${title}: it is found, and ${repaired ? 'repaired' : 'told'}`, async (t) => {
    const { fake, repair, settle } = await scene(t);
    await settle();
    for (const words of commands) run(fake, words);
    const told = await repair(false);
    t.match(
      told.find((finding) => finding.link === object),
      { link: object, problem, outcome: 'found', pool: 'default' },
    );
    t.same(await repair(false), told, 'to tell changes nothing');
    const findings = await repair(true);
    t.match(
      findings.find((finding) => finding.link === object),
      { problem, outcome: repaired ? 'repaired' : 'failed' },
    );
    if (!repaired) return;
    t.ok(
      findings.every(({ outcome }) => outcome === 'repaired'),
      JSON.stringify(findings),
    );
    t.same(await repair(true), [], 'nothing is left to do');
    t.ok(reachable(fake), 'host, gateway and endpoints reach each other');
  });
}

t.test('full isolation holds across hubs, and leaves the gateway', async (t) => {
  const { fake, repair } = await scene(t, { ...NETWORK, isolation: 'full' });
  const ways: [from: number, address: string, reached: boolean][] = [
    [1, '10.213.0.1', true],
    [3, '10.213.0.1', true],
    [1, '10.213.0.4', false],
    [1, '10.213.0.5', false],
    [3, '10.213.0.3', false],
  ];
  await Promise.all(
    ways.map(async ([from, address, reached]) => {
      const ping = ['/bin/busybox', 'ping', '-c1', `-W${reached ? 10 : 1}`, address];
      const path = fake.pathOf(`default-${from}`);
      const { exitCode } = await execa('nsenter', [`--net=${path}`, ...ping], { reject: false });
      t.equal(exitCode === 0, reached, `default-${from} to ${address}`);
    }),
  );
  t.same(await repair(false), []);
});

t.test('what only follows from a bridge or an uplink that is gone is not told', async (t) => {
  const { fake, repair } = await scene(t);
  run(fake, ['hub:default.0', 'link', 'delete', 'bridge']);
  t.same(
    (await repair(false)).map(({ link }) => link),
    ['hub:default.0'],
  );
  run(fake, ['link', 'delete', 'nbtest-xiob']);
  t.same(
    (await repair(false)).map(({ link }) => link),
    ['nbtest-xiob', 'hub:default.0'],
    'the root hub has lost its end, too',
  );
});

t.test('an endpoint that is in no hub is not checked', async (t) => {
  const { fake, network, repair, targets } = await scene(t);
  const [first] = targets;
  if (first === undefined) throw new Error('no endpoint');
  transactAll(network.detach(first.plan.name.id, first.plan));
  run(fake, ['hub:default.0', 'link', 'set', 'ndtest-1', 'nomaster']);
  t.same(await repair(true), []);
});

for (const [title, { commands, problem }] of Object.entries(INSIDE_BREAKS)) {
  t.test(`of a ready endpoint it is seen that ${title}`, async (t) => {
    const { fake, host, targets, inodes } = await scene(t);
    const plan = targets[0]?.plan ?? t.fail('no endpoint');
    const look = () => readyProblem(host, { plan: plan as never, netnsInode: inodes[0] as number });
    t.equal(look(), null, 'as it was built');
    const path = fake.pathOf('default-1');
    for (const line of commands)
      execaSync('nsenter', [`--net=${path}`, ...(/^(tc|sysctl) /.test(line) ? [] : ['ip']), ...line.split(' ')]);
    t.equal(look(), problem);
  });
}
