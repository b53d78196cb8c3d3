import { mkdirSync, rmSync } from 'node:fs';
import { createNetns, NetnsHandle, removeNetns } from '../../../kernel/netns/netns.js';
import { CNI_TOOLS, PLUGINS } from '../../peers/cni-bridge.js';
import { closeMountFolder, openMountFolder } from '../../peers/mount-folder.js';
import type { Tool } from '../../programs/prerequisites.js';
import { runProcess } from '../../programs/run-process.js';
import { byRunc } from './by-runc.js';
import type { CallerNetwork, Started } from './contender.js';

const FOLDER = '/run/bench-paper-cni';
const DATA = '/run/bench-paper-cni-data';
const BRIDGE = 'cnibench0';
const FIRST_PORT = 20_000;

/** One plugin of a chain: where it is, and its configuration. */
export interface Plugin {
  readonly path: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether it is given a port of the host that leads to the container. */
  readonly mapsPorts?: boolean;
}

const IPAM = {
  type: 'host-local',
  dataDir: DATA,
  ranges: [[{ subnet: '10.216.0.0/16' }]],
  routes: [{ dst: '0.0.0.0/0' }],
};
const plugin = (type: string, config: object): Plugin => ({
  path: `${PLUGINS}/${type}`,
  config: { cniVersion: '1.0.0', name: 'bench', type, ...config },
});
const BRIDGE_PLUGIN = (ipMasq: boolean) =>
  plugin('bridge', { bridge: BRIDGE, isGateway: true, hairpinMode: true, ipMasq, ipam: IPAM });
const PORTMAP: Plugin = { ...plugin('portmap', { capabilities: { portMappings: true } }), mapsPorts: true };
const PTP_PLUGIN = plugin('ptp', { ipMasq: false, ipam: IPAM });

/** A namespace made by its caller, and a chain of plugins run on it. */
export interface CniNetwork extends CallerNetwork {
  path(one: Started): string;
  close(): Promise<void>;
}

/** Opens the chain; `bridge` is left by the plugins and removed at the end. */
export async function openCni(chain: readonly Plugin[], bridge?: string): Promise<CniNetwork> {
  await openMountFolder(FOLDER);
  mkdirSync(DATA, { recursive: true });
  const home = NetnsHandle.open();
  const path = ({ index }: Started) => `${FOLDER}/cni-${index}`;
  const call = async (
    command: 'ADD' | 'DEL',
    one: Started,
    { path: file, config, mapsPorts }: Plugin,
    prev: string,
  ) => {
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: one.id,
      CNI_NETNS: path(one),
      CNI_IFNAME: 'eth0',
      CNI_PATH: PLUGINS,
    };
    const ports = [{ hostPort: FIRST_PORT + one.index, containerPort: 8080, protocol: 'tcp' }];
    const given = {
      ...config,
      ...(mapsPorts ? { runtimeConfig: { portMappings: ports } } : {}),
      ...(prev === '' ? {} : { prevResult: JSON.parse(prev) }),
    };
    return runProcess(file, [], { stdin: JSON.stringify(given), env });
  };
  return {
    path,
    async attach(one, marks) {
      createNetns({ path: path(one), home, act: () => undefined }).handle.close();
      marks.end('network create');
      let result = '';
      for (const part of chain) result = await call('ADD', one, part, result);
      marks.end('network connect');
    },
    async detach(one) {
      for (const part of [...chain].reverse()) await call('DEL', one, part, '');
      removeNetns(path(one));
    },
    async close() {
      home.close();
      if (bridge !== undefined) await runProcess('ip', ['link', 'del', bridge]).catch(() => '');
      await closeMountFolder(FOLDER);
      rmSync(DATA, { recursive: true, force: true });
    },
  };
}

function byPlugins(options: {
  name: string;
  title: string;
  isPolyglot?: boolean;
  tools: readonly Tool[];
  chain: readonly Plugin[];
  bridge?: string;
}) {
  const { chain, bridge, ...rest } = options;
  return byRunc({
    ...rest,
    open: async () => {
      const cni = await openCni(chain, bridge);
      return { networking: (one) => ({ path: cni.path(one) }), caller: cni, close: () => cni.close() };
    },
  });
}

const tool = (name: string): Tool => ({ name, package: 'containernetworking-plugins', path: `${PLUGINS}/${name}` });
/** What `ipMasq` and portmap call. */
const IPTABLES: Tool = { name: 'iptables', package: 'iptables' };

/** With masquerade and a published port, as most configurations have it. */
export const MASQUERADED: readonly Plugin[] = [BRIDGE_PLUGIN(true), PORTMAP];
export const MASQUERADED_TOOLS: readonly Tool[] = [...CNI_TOOLS, tool('portmap'), IPTABLES];
export const MASQUERADED_BRIDGE = BRIDGE;

export const CNI_BRIDGE = byPlugins({
  name: 'cni-bridge',
  title: 'runc, CNI bridge + host-local',
  tools: CNI_TOOLS,
  chain: [BRIDGE_PLUGIN(false)],
  bridge: BRIDGE,
});
export const CNI_BRIDGE_MASQUERADE = byPlugins({
  name: 'cni-bridge-masq',
  title: 'runc, CNI bridge with ipMasq, portmap',
  isPolyglot: true,
  tools: MASQUERADED_TOOLS,
  chain: MASQUERADED,
  bridge: BRIDGE,
});
export const CNI_PTP = byPlugins({
  name: 'cni-ptp',
  title: 'runc, CNI ptp + host-local',
  tools: [tool('ptp'), ...CNI_TOOLS],
  chain: [PTP_PLUGIN],
});
