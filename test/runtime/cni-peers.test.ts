import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { type CniJson, callPlugin } from '../native/cni.js';
import { type CniScene, startScene } from './cni-plugin.js';
import { links } from './eye.js';

/** The names of all members, and of those of the objects in lists. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value.at(-1))];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}

/** What bridge, host-local and portmap of the CNI project answer, called one after another as libcni does. */
async function addByPeers(scene: CniScene, cniVersion: string, call: { netns: string; portMappings: object[] }) {
  const { netns, portMappings } = call;
  const common = { cniVersion, name: 'peer' };
  const bridge = {
    ...{ ...common, type: 'bridge', bridge: 'peer0', isDefaultGateway: true },
    ipam: { type: 'host-local', dataDir: join(scene.folder, 'host-local'), ranges: [[{ subnet: '10.99.0.0/24' }]] },
  };
  const first = await callPlugin('/usr/lib/cni/bridge', { command: 'ADD', netns, config: JSON.stringify(bridge) });
  const portmap = { ...common, type: 'portmap', prevResult: first.json, runtimeConfig: { portMappings } };
  const last = await callPlugin('/usr/lib/cni/portmap', { command: 'ADD', netns, config: JSON.stringify(portmap) });
  const inside = await links(netns);
  for (const [plugin, config] of Object.entries({ portmap, bridge }))
    await callPlugin(`/usr/lib/cni/${plugin}`, { command: 'DEL', netns, config: JSON.stringify(config) });
  return { ...last, inside };
}

/** What a runtime makes of a result: the interface of its container with its addresses, as the namespace has them. */
function readAsRuntime({ json, inside }: { json: CniJson; inside: Awaited<ReturnType<typeof links>> }, netns: string) {
  const own = inside.find(({ ifname }) => ifname === 'eth0');
  const position = json.interfaces?.findIndex(({ sandbox }) => sandbox === netns) ?? -1;
  const { name, mac } = json.interfaces?.[position] ?? {};
  return {
    name,
    sameMac: mac === own?.address,
    sameAddresses: json.ips?.every(
      ({ address, interface: at }) =>
        at === position && own?.addr_info.some(({ local, prefixlen }) => `${local}/${prefixlen}` === address),
    ),
    sameGateways: json.routes?.every(({ gw }) => json.ips?.some(({ gateway }) => gateway === gw)),
    routes: json.routes?.map(({ dst }) => dst),
  };
}

t.test(
  'a result is as that of the plugins bridge, host-local and portmap, in each version that they know',
  async (t) => {
    await using scene = await startScene(t);
    const { path: netns } = await scene.makeNetns('a');
    const known = await callPlugin('/usr/lib/cni/bridge', { command: 'VERSION', netns });
    const versions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'].filter((one) => known.json.supportedVersions?.includes(one));
    t.ok(versions.length >= 3, `install the package containernetworking-plugins: ${versions}`);
    const portMappings = [{ hostPort: 20080, containerPort: 80, protocol: 'tcp' }];
    for (const cniVersion of versions) {
      const theirs = await addByPeers(scene, cniVersion, { netns, portMappings });
      const config = { cniVersion, runtimeConfig: { portMappings } };
      const added = await scene.call({ command: 'ADD', netns, config });
      const ours = { ...added, inside: await links(netns) };
      await scene.call({ command: 'DEL', netns, config });
      t.strictSame([theirs.status, ours.status], [0, 0], theirs.stdout);
      t.strictSame(shapeOf(ours.json), shapeOf(theirs.json), cniVersion);
      t.strictSame(readAsRuntime(ours, netns), readAsRuntime(theirs, netns), cniVersion);
      const all = { name: 'eth0', sameMac: true, sameAddresses: true, sameGateways: true, routes: ['0.0.0.0/0'] };
      t.strictSame(readAsRuntime(ours, netns), all);
    }
    await execa('ip', ['link', 'delete', 'peer0']);
    await execa('rm', ['-rf', join(scene.folder, 'host-local')]);
  },
);

t.test('the portmap and bandwidth plugins go on with the result', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  const { json } = await scene.call({ command: 'ADD', netns: path, config: { cniVersion: '1.0.0' } });
  const chained = (type: string, runtimeConfig: object) => ({
    netns: path,
    config: JSON.stringify({ cniVersion: '1.0.0', name: 'net', type, runtimeConfig, prevResult: json }),
  });
  const limits = chained('bandwidth', {
    bandwidth: { ingressRate: 1e6, ingressBurst: 1e6, egressRate: 1e6, egressBurst: 1e6 },
  });
  const hasHostEnd = json.interfaces?.length === 2;
  const limited = await callPlugin('/usr/lib/cni/bandwidth', { command: 'ADD', ...limits });
  t.equal(limited.status === 0, hasHostEnd, limited.stdout);
  await callPlugin('/usr/lib/cni/bandwidth', { command: 'DEL', ...limits });
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 });
});
