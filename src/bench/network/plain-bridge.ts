import { runProcess } from '../programs/run-process.js';

const NAMES = ['netbench-0', 'netbench-1'] as const;
const BRIDGE = 'netbench';
const GATEWAY = '10.223.0.1';

/** A bridge in the host with two namespaces, as its users make it by `ip`; their addresses and the paths of their namespaces. */
export interface PlainBridge {
  readonly gateway: string;
  readonly members: readonly { readonly address: string; readonly path: string }[];
  remove(): Promise<void>;
}

export async function openPlainBridge(): Promise<PlainBridge> {
  const shell = (script: string) => runProcess('sh', ['-e', '-c', script]);
  await shell(`
    ip link add ${BRIDGE} type bridge
    ip link set ${BRIDGE} up
    ip address add ${GATEWAY}/16 dev ${BRIDGE}`);
  for (const [index, name] of NAMES.entries())
    await shell(`
      ip netns add ${name}
      ip link add ${name} type veth peer name eth0 netns ${name}
      ip link set ${name} master ${BRIDGE} up
      ip -n ${name} link set lo up
      ip -n ${name} link set eth0 up
      ip -n ${name} address add ${addressOf(index)}/16 dev eth0
      ip -n ${name} route add default via ${GATEWAY}`);
  return {
    gateway: GATEWAY,
    members: NAMES.map((name, index) => ({ address: addressOf(index), path: `/run/netns/${name}` })),
    async remove() {
      for (const name of NAMES) await shell(`ip link del ${name}; ip netns del ${name}`);
      await shell(`ip link del ${BRIDGE}`);
    },
  };
}

function addressOf(index: number): string {
  return `10.223.0.${index + 2}`;
}
