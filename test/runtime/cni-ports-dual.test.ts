import { execaSync } from 'execa';
import t from 'tap';
import { startScene } from './cni-plugin.js';
import { eventually } from './eye.js';
import { answerIn, ask, BEYOND, HERE, mapped, neighbour, port, wanting } from './port-traffic.js';
import { ethernet, ipv4, ipv4Hex } from './walls/frames.js';
import { framesProgram, Wire } from './walls/wire.js';

const DUAL = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
subnet6 = "fd00:213::/64"
min_ready = 2
max = 8
sizing = "fixed"
`;
const SCTP = 132;

/** RFC 3309. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) * 0x82f6_3b78);
  }
  return ~crc >>> 0;
}

/** An INIT of RFC 9260. This kernel may have no sockets of SCTP: packets are all that it takes. */
function sctpInit(from: number, to: number): string {
  const packet = Buffer.alloc(32);
  packet.writeUInt16BE(from, 0);
  packet.writeUInt16BE(to, 2);
  packet.set([1, 0, 0, 20], 12);
  packet.writeUInt32BE(0x1234_5678, 16);
  packet.writeUInt32BE(65_536, 20);
  packet.set([0, 1, 0, 1], 24);
  packet.writeUInt32BE(1, 28);
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet.toString('hex');
}

t.test("a pod's ports lead to it by both families of its pool, and by IPv6 alone where it says so", async (t) => {
  neighbour(t);
  await using scene = await startScene(t, DUAL);
  const { path } = await scene.makeNetns('a');
  const config = wanting(
    port(20080, 80),
    port(20080, 80, { protocol: 'udp' }),
    port(20081, 80, { hostIP: '2001:db8::9' }),
    port(20082, 80, { hostIP: '0.0.0.0' }),
    port(20083, 80, { hostIP: '2001:db8::9', protocol: 'udp' }),
  );
  const added = await scene.call({ command: 'ADD', netns: path, config });
  t.match(added, { status: 0 });
  await answerIn(t, path, 80, 'pod');
  for (const host of ['192.0.2.1', '2001:db8::1']) {
    const from = host.replace(/1$/, '2');
    t.equal(await ask(BEYOND, 'tcp', host, 20080), `pod source=${from}`);
    t.equal(await ask(BEYOND, 'udp', host, 20080, 5000), `pod source=${from}`);
    t.match(await ask(HERE, 'tcp', host, 20080), 'pod', 'from the host');
    t.match(await ask(path, 'tcp', host, 20080), 'pod', 'from itself');
  }
  t.match(await ask(BEYOND, 'tcp', '2001:db8::9', 20081), 'pod', 'hostIP');
  t.match(await ask(BEYOND, 'udp', '2001:db8::9', 20083), 'pod');
  t.match(await ask(BEYOND, 'tcp', '192.0.2.1', 20082), 'pod');
  for (const [host, one] of [
    ['2001:db8::1', 20081],
    ['192.0.2.1', 20081],
    ['2001:db8::1', 20082],
  ] as const)
    t.equal(await ask(BEYOND, 'tcp', host, one), 'error ECONNREFUSED', `${host} ${one}`);
  t.match(await scene.call({ command: 'CHECK', netns: path, config: { prevResult: added.json } }), { status: 0 });
  t.equal((await mapped()).length, 7);
  execaSync('nft', ['flush', 'ruleset']);
  await eventually('the table is restored', async () => (await mapped()).length === 7);
  const second = await scene.makeNetns('b');
  for (const one of [port(20081, 80), port(20080, 81, { hostIP: '2001:db8::1' })])
    t.match(await scene.call({ command: 'ADD', id: 'b', netns: second.path, config: wanting(one) }), {
      json: { code: 105, msg: /leads to port 80 of fd00:213::ad5:\w+ already/ },
    });
  await answerIn(t, HERE, 20090, 'host');
  t.match(
    await scene.call({
      command: 'ADD',
      id: 'b',
      netns: second.path,
      config: wanting(port(20090, 80, { hostIP: '2001:db8::1' })),
    }),
    { json: { code: 105, msg: /listens at \[2001:db8::1\]:20090\/tcp/ } },
  );
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 });
  t.strictSame([await mapped(), await scene.daemon.leases(), scene.attachments()], [[], [], []]);
  t.match(
    await scene.call({
      command: 'ADD',
      id: 'b',
      netns: second.path,
      config: wanting(port(20080, 80, { protocol: 'udp' })),
    }),
    {
      status: 0,
    },
  );
  await answerIn(t, second.path, 80, 'second');
  t.match(await ask(BEYOND, 'udp', '2001:db8::1', 20080, 5000), 'second', 'a UDP flow of before is forgotten');
  t.match(await scene.call({ command: 'DEL', id: 'b' }), { status: 0 });
  const third = await scene.makeNetns('c');
  t.match(await scene.call({ command: 'ADD', id: 'c', netns: third.path, config: wanting(port(20080, 80)) }), {
    status: 0,
  });
  t.equal((await mapped()).length, 2);
  await scene.daemon.cli('release', '--force', (await scene.daemon.leases())[0]?.id ?? '');
  await eventually('the ports have gone with the lease', async () => (await mapped()).length === 0);
});

t.test('a port of SCTP leads to the pod; a pool without IPv6 refuses an IPv6 address', async (t) => {
  neighbour(t);
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  const config = wanting(port(20080, 80, { protocol: 'SCTP' }));
  const added = await scene.call({ command: 'ADD', netns: path, config });
  t.match(added, { status: 0 });
  const program = framesProgram();
  const [beyond, pod] = [await Wire.open(t, program, 'eth0', BEYOND), await Wire.open(t, program, 'eth0', path)];
  const macOf = (link: string, ...at: string[]): string =>
    JSON.parse(execaSync('ip', [...at, '-j', 'link', 'show', 'dev', link]).stdout)[0].address;
  const content = ipv4({ from: '192.0.2.2', to: '192.0.2.1', protocol: SCTP, content: sctpInit(5000, 20080) });
  const [from, to] = [macOf('eth0', '-n', 'beyond'), macOf('uplink0')];
  await beyond.send(ethernet({ from, to, type: '0800', content }));
  const address = added.json.ips?.[0]?.address.split('/')[0] ?? '';
  // Source and target, then the ports of SCTP.
  await pod.arrival(`${ipv4Hex('192.0.2.2')}${ipv4Hex(address)}${sctpInit(5000, 80).slice(0, 8)}`);
  t.ok(pod.has(sctpInit(5000, 80)), 'with the checksum that belongs to it');
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 });
  t.strictSame(await mapped(), []);
  const six = wanting(port(20080, 80, { hostIP: '2001:db8::1' }));
  t.match(await scene.call({ command: 'ADD', netns: path, config: six }), {
    json: {
      code: 2,
      msg: 'portMappings: [2001:db8::1]:20080/tcp: the pool has no IPv6 (subnet6 is what gives it IPv6)',
    },
  });
  t.strictSame([scene.attachments(), await scene.daemon.leases()], [[], []]);
});
