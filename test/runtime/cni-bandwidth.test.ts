import { execaSync } from 'execa';
import t from 'tap';
import { startScene } from './cni-plugin.js';
import { eventually, hubOf } from './eye.js';

const POOL = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 1
max = 4
sizing = "fixed"
`;
const LIMITED = `${POOL}rate_in = "40Mbit"\nrate_out = "20Mbit"\n`;
const OWN = { ingressRate: 8e6, ingressBurst: 2_147_483_647, egressRate: 4e6, egressBurst: 800_000 };

/** `tbf` with its rate, or another queueing discipline. */
function rateOf(netns: string, link: string): string {
  const { stdout } = execaSync('nsenter', [`--net=${netns}`, 'tc', 'qdisc', 'show', 'dev', link]);
  return /tbf .*rate (\S+)/.exec(stdout)?.[1] ?? /^qdisc (\w+)/.exec(stdout)?.[1] ?? stdout;
}

for (const [title, toml, before] of [
  ['a pod has rates of its own where its pool has none', POOL, ['noqueue', 'noqueue']],
  ["a pod's own rates take the place of its pool's", LIMITED, ['40Mbit', '20Mbit']],
] as const)
  t.test(`${title}, and its endpoint is replaced`, async (t) => {
    await using scene = await startScene(t, toml);
    const { daemon } = scene;
    const hub = hubOf(daemon);
    let replaced = 0;
    for (const ifname of ['eth0', 'net1'])
      for (const [bandwidth, ...own] of [
        [OWN, '8Mbit', '4Mbit'],
        [{ ingressRate: OWN.ingressRate }, '8Mbit', before[1]],
        [{ egressRate: OWN.egressRate }, before[0], '4Mbit'],
        [{}, ...before],
      ] as const) {
        const { path } = await scene.makeNetns(`${ifname}-${replaced}`);
        const call = { netns: path, ifname, config: { runtimeConfig: { bandwidth } } };
        await daemon.filled();
        await scene.laidOut(1);
        const added = await scene.call({ command: 'ADD', ...call });
        t.match(added, { status: 0 });
        t.equal(scene.attachment().delivery, ifname === 'eth0' ? 'overlay' : 'graft');
        const [lease] = await daemon.leases();
        const end = lease?.interface.hostName ?? '';
        t.strictSame([rateOf(hub, end), rateOf(path, ifname)], own, `${ifname} ${JSON.stringify(bandwidth)}`);
        t.match(await scene.call({ command: 'CHECK', ...call, config: { ...call.config, prevResult: added.json } }), {
          status: 0,
        });
        t.match(await scene.call({ command: 'DEL', ...call }), { status: 0 });
        if (ifname === 'net1' || 'ingressRate' in bandwidth || 'egressRate' in bandwidth) replaced += 1;
        await eventually('it is verified', async () => {
          const [pool] = await daemon.pools();
          return pool?.dirty === 0 && pool.replaced === replaced;
        });
      }
    t.match((await daemon.pools())[0], { recycledByProof: 1, replaced: 7 }, 'one without rates of its own is reused');
  });
