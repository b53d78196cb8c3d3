import { createServer } from 'node:net';
import t from 'tap';
import { listeningPorts, portsIn } from '../../../src/kernel/host/listening-ports.js';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0035 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0 0 0 0 0 0 0
`;

t.test('sockets that listen are found, others of TCP are not', async (t) => {
  t.strictSame(portsIn(TABLE, 'tcp'), ['tcp/8080', 'tcp/22']);
  t.strictSame(portsIn(TABLE, 'udp'), ['udp/8080', 'udp/53', 'udp/22']);
  t.strictSame(portsIn('', 'tcp'), []);
});

t.test('the kernel says so of a real one', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  t.ok(listeningPorts().has(`tcp/${port}`));
  await new Promise((resolve) => server.close(resolve));
  t.notOk(listeningPorts().has(`tcp/${port}`));
});
