import { execa, execaSync } from 'execa';
import t from 'tap';
import { OFTEN, startScene } from './cni-plugin.js';
import { eventually } from './eye.js';
import { answerIn, ask, BEYOND, HERE, mapped, neighbour, port, wanting } from './port-traffic.js';

t.test("a pod's ports lead to it by TCP and UDP from everywhere, as long as it lives", async (t) => {
  neighbour(t);
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  const config = wanting(
    port(20080, 80),
    port(20080, 80, { protocol: 'udp' }),
    port(20081, 80, { hostIP: '192.0.2.9', protocol: 'TCP' }),
    port(20082, 80, { hostIP: '127.0.0.1' }),
  );
  const added = await scene.call({ command: 'ADD', id: 'a', netns: path, config });
  t.match(added, { status: 0 });
  await answerIn(t, path, 80, 'first');
  t.equal(
    await ask(BEYOND, 'tcp', '192.0.2.1', 20080),
    'first source=192.0.2.2',
    'from another machine, whose address it sees',
  );
  t.equal(await ask(BEYOND, 'udp', '192.0.2.1', 20080, 5000), 'first source=192.0.2.2');
  t.match(await ask(HERE, 'tcp', '127.0.0.1', 20080), 'first source=10.213.0.1', 'from the host by 127.0.0.1');
  t.match(await ask(HERE, 'tcp', '192.0.2.1', 20080), 'first', 'and by its address');
  t.match(await ask(path, 'tcp', '192.0.2.1', 20080), 'first source=10.213.0.1', 'from itself');
  t.match(await ask(BEYOND, 'tcp', '192.0.2.9', 20081), 'first', 'hostIP');
  t.equal(await ask(BEYOND, 'tcp', '192.0.2.1', 20081), 'error ECONNREFUSED', 'another address of the host');
  t.match(await ask(HERE, 'tcp', '127.0.0.1', 20082), 'first');
  t.equal(await ask(BEYOND, 'tcp', '192.0.2.1', 20082), 'error ECONNREFUSED');
  const check = { command: 'CHECK', id: 'a', netns: path, config: { prevResult: added.json } };
  t.match(await scene.call(check), { status: 0 });

  await execa('nft', ['flush', 'ruleset']);
  await eventually('the table is restored', async () => (await mapped()).length === 4);
  t.match(await ask(BEYOND, 'tcp', '192.0.2.1', 20080), 'first');
  execaSync('nft', ['flush', 'map', 'inet', tableName(), 'mapped']);
  await eventually('the map is restored', async () => (await mapped()).length === 4);
  t.match(await scene.call({ command: 'DEL', id: 'a', netns: path }), { status: 0 });
  t.strictSame(await mapped(), []);
  t.equal(await ask(BEYOND, 'tcp', '192.0.2.1', 20080), 'error ECONNREFUSED');
  const next = await scene.makeNetns('b');
  t.match(
    await scene.call({
      command: 'ADD',
      id: 'b',
      netns: next.path,
      config: wanting(port(20080, 80, { protocol: 'udp' })),
    }),
    { status: 0 },
  );
  await answerIn(t, next.path, 80, 'second');
  t.match(
    await ask(BEYOND, 'udp', '192.0.2.1', 20080, 5000),
    'second',
    'a UDP flow of before does not lead to the first one',
  );
});

function tableName(): string {
  return /table inet (netnsd-\w+)/.exec(execaSync('nft', ['list', 'tables']).stdout)?.[1] ?? '';
}

t.test('with the daemon down: a UDP client that was there before the pod reaches it', async (t) => {
  neighbour(t);
  await using scene = await startScene(t);
  await scene.laidOut(1);
  await scene.daemon.stop('SIGKILL');
  const { path } = await scene.makeNetns('a');
  t.equal(await ask(BEYOND, 'udp', '192.0.2.1', 20053, 5000), 'nothing');
  t.match(await scene.call({ command: 'ADD', netns: path, config: wanting(port(20053, 80, { protocol: 'udp' })) }), {
    status: 0,
  });
  await answerIn(t, path, 80, 'pod');
  t.match(await ask(BEYOND, 'udp', '192.0.2.1', 20053, 5000), 'pod');
  scene.daemon.start();
  await scene.daemon.answers();
  t.match(await ask(BEYOND, 'udp', '192.0.2.1', 20053, 5000), 'pod', 'the daemon that starts goes on with it');
  await scene.daemon.stop('SIGKILL');
  t.match(await scene.call({ command: 'DEL' }), { status: 0 });
  t.strictSame(await mapped(), []);
  scene.daemon.start();
});

t.test('a port that is in use is refused by its name, and nothing is left of the ADD', async (t) => {
  neighbour(t);
  await using scene = await startScene(t);
  const first = await scene.makeNetns('a');
  const second = await scene.makeNetns('b');
  await answerIn(t, HERE, 20090, 'host');
  const has = wanting(port(20080, 80), port(20081, 80, { hostIP: '192.0.2.9' }), port(20082, 80, { protocol: 'udp' }));
  t.match(await scene.call({ command: 'ADD', id: 'a', netns: first.path, config: has }), { status: 0 });
  const refused: [object, RegExp][] = [
    [port(20080, 81), /^20080\/tcp of the host, which the pod wants, leads to port 80 of 10\.213\.0\.\d+ already/],
    [port(20080, 80, { hostIP: '192.0.2.1' }), /^192\.0\.2\.1:20080\/tcp of the host/],
    [port(20081, 80), /^20081\/tcp of the host/],
    [port(20081, 80, { hostIP: '192.0.2.9' }), /^192\.0\.2\.9:20081\/tcp of the host/],
    [port(20082, 80, { protocol: 'udp' }), /^20082\/udp of the host/],
    [port(20090, 80), /^a socket of the host listens at 20090\/tcp/],
    [port(20090, 80, { protocol: 'udp' }), /^a socket of the host listens at 20090\/udp/],
  ];
  for (const [one, msg] of refused)
    t.match(await scene.call({ command: 'ADD', id: 'b', netns: second.path, config: wanting(port(20100, 80), one) }), {
      status: 1,
      json: { code: 105, msg },
    });
  t.strictSame([(await mapped()).length, scene.attachments().length], [3, 1]);
  t.equal((await scene.daemon.leases()).length, 1);
  const others = wanting(port(20081, 80, { hostIP: '192.0.2.1' }), port(20082, 80));
  t.match(
    await scene.call({ command: 'ADD', id: 'b', netns: second.path, config: others }),
    { status: 0 },
    'what is no clash',
  );
});

t.test('the ports go with the lease, however it ends', async (t) => {
  await using scene = await startScene(t, OFTEN);
  const released = await scene.makeNetns('a');
  const removed = await scene.makeNetns('b');
  const grafted = await scene.makeNetns('c');
  const config = (one: number) => wanting(port(one, 80), port(one, 80, { hostIP: '127.0.0.1', protocol: 'udp' }));
  for (const [id, path, one] of [
    ['a', released.path, 20001],
    ['b', removed.path, 20002],
  ] as const)
    t.match(await scene.call({ command: 'ADD', id, netns: path, config: config(one) }), { status: 0 });
  t.match(await scene.call({ command: 'ADD', id: 'c', netns: grafted.path, ifname: 'net1', config: config(20003) }), {
    status: 0,
  });
  t.equal((await mapped()).length, 6);
  await scene.daemon.cli('release', '--force', (await scene.daemon.leases())[0]?.id ?? '');
  await eventually('those of a lease that was released', async () => (await mapped()).length === 4);
  t.match(await scene.call({ command: 'CHECK', id: 'a', netns: released.path, config: { prevResult: {} } }), {
    status: 1,
    json: { code: 104 },
  });
  // A table that is restored meanwhile has not those of the file that is still there.
  execaSync('nft', ['flush', 'ruleset']);
  await eventually('the rest is restored', async () => (await mapped()).length === 4);
  await execa('umount', ['-l', removed.path]);
  await scene.removeNetns(removed.path);
  await eventually('those of a namespace that was removed', async () => (await mapped()).length === 2);
  const valid = { name: 'net', 'cni.dev/valid-attachments': [] };
  t.match(await scene.call({ command: 'GC', config: valid }), { status: 0 });
  t.strictSame(await mapped(), []);
});
