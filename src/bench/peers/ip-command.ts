import type { Tool } from '../programs/prerequisites.js';
import { concurrently, runProcess } from '../programs/run-process.js';
import { fewRounds, type Peer, timed } from './peer.js';

export const IP_TOOLS: readonly Tool[] = [{ name: 'ip', package: 'iproute2' }];
const WIDTH = 100;
const BRIDGE = 'ipbench0';

/**
 * Endpoints by `ip` commands as its manual pages write them: a shell for each runs them one after another, 100 of them at
 * once. Queues, multicast snooping and IPv6 are as the kernel has them, since a user of these commands does not change them.
 */
export async function openIpCommand(): Promise<Peer> {
  const shell = (script: string) => runProcess('sh', ['-e', '-c', script]);
  await shell(`
    ip link add ${BRIDGE} type bridge
    ip link set ${BRIDGE} up
    ip address add 10.215.0.1/16 dev ${BRIDGE}`);

  const build = async (index: number) => {
    const [high, low] = [(index + 2) >> 8, (index + 2) & 255];
    const [ns, host] = [`ipbench-${index}`, `ipb${index}`];
    await shell(`
      ip netns add ${ns}
      ip link add ${host} type veth peer name eth0 netns ${ns}
      ip link set ${host} master ${BRIDGE} up
      ip -n ${ns} link set lo up
      ip -n ${ns} link set eth0 up
      ip -n ${ns} address add 10.215.${high}.${low}/16 dev eth0
      ip -n ${ns} route add default via 10.215.0.1`);
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
