import { execa, type ResultPromise } from 'execa';
import t, { type Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { BEYOND, neighbour } from './port-traffic.js';

/** One endpoint, which each lease gets. */
const POOL = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
subnet6 = "fd00:213::/64"
min_ready = 1
max = 1
sizing = "fixed"
address_cooldown_seconds = 0
publish = ["53/udp"]
`;
const PORT = 53;

/**
 * A machine beyond the host: it waits for a packet at port 9000, and from then on sends every 100 ms one to where that came from, and one to
 * the port of the host that it is told. What is answered to the latter is printed.
 */
const CLIENT = `
import select, socket, sys, time
own, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ':' in own else socket.AF_INET
flow, asking = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(2)]
flow.bind((own, 9000))
_, peer = flow.recvfrom(64)
while True:
    flow.sendto(b'flow', peer)
    asking.sendto(b'ask', (host, port))
    time.sleep(0.1)
    while select.select([asking], [], [], 0)[0]: print(asking.recv(64).decode(), flush=True)
`;

/** A container: prints what comes to its ports 5000 and 53, and answers the latter with its name. It opens the flow if told to whom. */
const CONTAINER = `
import select, socket, sys
name, family = sys.argv[1], socket.AF_INET6 if sys.argv[2] == '6' else socket.AF_INET
flow, asked = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(2)]
flow.bind(('', 5000)); asked.bind(('', ${PORT}))
while True:
    if len(sys.argv) > 3: flow.sendto(b'hello', (sys.argv[3], 9000))
    for one in select.select([flow, asked], [], [], 0.5)[0]:
        data, peer = one.recvfrom(64)
        print(data.decode(), flush=True)
        if one is asked: one.sendto(name.encode(), peer)
`;

/** A program in a namespace, the lines that it has printed, and its end. */
function running(t: Test, path: string, ...args: string[]) {
  const program: ResultPromise = execa('nsenter', [`--net=${path}`, 'python3', '-c', ...args], { reject: false });
  const lines: string[] = [];
  program.stdout?.on('data', (text) => lines.push(...String(text).trim().split('\n')));
  const end = async (): Promise<void> => {
    program.kill('SIGKILL');
    await program;
  };
  t.teardown(end);
  return { count: (line: string) => lines.filter((one) => one === line).length, end };
}

for (const { family, own, host } of [
  { family: '4', own: '192.0.2.2', host: '192.0.2.1' },
  { family: '6', own: '2001:db8::2', host: '2001:db8::1' },
]) {
  t.test(`a flow of IPv${family} that goes on through release and reuse does not reach the next lease`, async (t) => {
    neighbour(t);
    await using daemon = await startDaemon(t, POOL);
    const scene = async (t: Test): Promise<boolean> => {
      const first: Lease = await daemon.acquire();
      const { hostPort = 0 } = first.publishedPorts[0] ?? {};
      const client = running(t, BEYOND, CLIENT, own, host, `${hostPort}`);
      const one = running(t, first.netns.path, CONTAINER, 'first', family, own);
      await eventually('the first lease has the flow', () => one.count('flow') > 3 && client.count('first') > 3);
      await one.end();
      await daemon.cli('release', first.id);
      await daemon.filled();
      const second: Lease = await daemon.acquire();
      if (JSON.stringify(second.addresses) !== JSON.stringify(first.addresses)) {
        // On a machine that is short of processors, something of the first lease may be there still when it is verified: then it is replaced.
        t.comment(await daemon.cli('inspect', 'default'));
        await daemon.cli('release', second.id);
        await client.end();
        return false;
      }
      t.strictSame(second.publishedPorts, first.publishedPorts);
      const two = running(t, second.netns.path, CONTAINER, 'second', family);
      await eventually('the second lease is asked', () => two.count('ask') > 10 && client.count('second') > 5);
      t.equal(two.count('flow'), 0, 'it has none of it');
      return true;
    };
    await eventually('an endpoint is leased again', () => scene(t));
  });
}
