import { IP_TOOLS } from '../../peers/ip-command.js';
import { runProcess } from '../../programs/run-process.js';
import { byRunc } from './by-runc.js';

const BRIDGE = 'ipbench0';

const shell = (script: string, onFirstOutput?: () => void) =>
  runProcess('sh', ['-e', '-c', script], onFirstOutput === undefined ? {} : { onFirstOutput });

/** Namespace, veth pair, bridge port, address and route by `ip` commands, as the paper's table 1 has them. */
export const IP_COMMANDS = byRunc({
  name: 'ip-commands',
  title: 'runc, ip commands',
  tools: IP_TOOLS,
  open: async () => {
    await shell(`
      ip link add ${BRIDGE} type bridge
      ip link set ${BRIDGE} up
      ip address add 10.215.0.1/16 dev ${BRIDGE}`);
    const namespace = (index: number) => `ipbench-${index}`;
    return {
      networking: ({ index }) => ({ path: `/run/netns/${namespace(index)}` }),
      caller: {
        async attach({ index }, marks) {
          const [ns, host] = [namespace(index), `ipb${index}`];
          const address = `10.215.${(index + 2) >> 8}.${(index + 2) & 255}/16`;
          await shell(
            `
            ip netns add ${ns}
            ip link add ${host} type veth peer name eth0 netns ${ns}
            echo created
            ip link set ${host} master ${BRIDGE} up
            ip -n ${ns} link set lo up
            ip -n ${ns} link set eth0 up
            ip -n ${ns} address add ${address} dev eth0
            ip -n ${ns} route add default via 10.215.0.1`,
            () => marks.end('network create'),
          );
          marks.end('network connect');
        },
        async detach({ index }) {
          await shell(`ip link del ipb${index}; ip netns del ${namespace(index)}`);
        },
      },
      close: async () => void (await shell(`ip link del ${BRIDGE}`)),
    };
  },
});
