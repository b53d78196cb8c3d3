import { execa } from 'execa';
import { WAYS } from '../../kernel/hostile/ways.js';
import { readyProblem } from './inside.js';

const NAME = 'rehearsal';
const NETNS = `--net=/run/netns/${NAME}`;

/**
 * Does everything once that is done to endpoints later, to a namespace outside of netnsd: the kernel loads its modules then, and
 * each brings sysctls and more into every namespace.
 */
export async function rehearse(): Promise<void> {
  await execa('ip', ['netns', 'add', NAME]);
  const furnish = [
    'ip link add eth0 type veth peer name peer0',
    'ip address add 10.213.0.2/16 dev eth0',
    'ip link set peer0 up',
    'ip link set eth0 up',
  ];
  // Last those that take eth0 away.
  const ways = WAYS.toReversed().flatMap(({ commands }) => commands);
  for (const command of [...furnish, ...ways]) await execa('nsenter', [NETNS, 'sh', '-c', command], { reject: false });
  await readyProblem({ netnsPath: `/run/netns/${NAME}`, address: '10.213.0.2', mac: '-' });
  await execa('ip', ['netns', 'delete', NAME]);
  for (const kept of ['kept', 'moved0']) await execa('ip', ['link', 'delete', kept], { reject: false });
}
