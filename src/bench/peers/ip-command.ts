import type { Tool } from '../prerequisites.js';
import { concurrently, runProcess } from '../run-process.js';
import { fewRounds, type Peer, timed } from './peer.js';

export const IP_TOOLS: readonly Tool[] = [{ name: 'ip', package: 'iproute2' }];
const WIDTH = 100;
const BRIDGE = 'ipbench0';

/** The same endpoints by `ip` commands: a shell for each runs them one after another, 100 of them at once. */
export async function openIpCommand(): Promise<Peer> {
  const shell = (script: string) => runProcess('sh', ['-e', '-c', script]);
  await shell(`
    ip link add ${BRIDGE} address 06:58:0a:d7:00:01 type bridge stp_state 0 mcast_snooping 0
    ip link set ${BRIDGE} addrgenmode none up
    ip address add 10.215.0.1/16 broadcast 10.215.255.255 dev ${BRIDGE}`);

  const build = async (index: number) => {
    const [high, low] = [(index + 2) >> 8, (index + 2) & 255];
    const mac = `0a:d7:${hex(high)}:${hex(low)}`;
    const [ns, host] = [`ipbench-${index}`, `ipb${index}`];
    await shell(`
      ip netns add ${ns}
      ip link add ${host} address 0e:58:${mac} mtu 1500 numtxqueues 1 numrxqueues 1 type veth \\
        peer name eth0 address 0a:58:${mac} mtu 1500 numtxqueues 1 numrxqueues 1 netns ${ns}
      ip link set ${host} addrgenmode none
      ip -n ${ns} link set lo up
      ip -n ${ns} link set eth0 addrgenmode none
      ip -n ${ns} link set eth0 up
      ip -n ${ns} address add 10.215.${high}.${low}/16 broadcast 10.215.255.255 dev eth0
      ip -n ${ns} route add default via 10.215.0.1
      ip link set ${host} master ${BRIDGE} up`);
  };
  const destroy = async (index: number) => {
    await shell(`ip link del ipb${index}; ip netns del ipbench-${index}`);
  };
  return {
    name: 'ip commands',
    rounds: fewRounds,
    run: (size) =>
      timed(
        () => concurrently(size, WIDTH, build),
        () => concurrently(size, WIDTH, destroy),
      ),
    close: async () => {
      await shell(`ip link del ${BRIDGE}`);
    },
  };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
