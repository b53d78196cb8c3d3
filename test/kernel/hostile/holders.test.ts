import { readlinkSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t from 'tap';
import { eventually } from '../../runtime/eye.js';
import { Stage, startHolder } from './stage.js';

const HELD = [
  { kind: 'abstract socket', found: 'sockets' },
  { kind: 'TCP listener', found: 'sockets' },
  { kind: 'UDP socket', found: 'sockets' },
  { kind: 'netlink socket', found: 'sockets' },
  { kind: 'open namespace', found: 'held open' },
  { kind: 'mount elsewhere', found: 'held open' },
] as const;

t.test('what a process outside keeps of an endpoint is found', async (t) => {
  const stage = await Stage.open(t);
  for (const { kind, found } of HELD) {
    const victim = await stage.build();
    const endHolder = await startHolder(kind, victim);
    t.match(await stage.verify(victim, 'proof'), { clean: false, kind: found }, kind);
    await endHolder();
    if (kind === 'mount elsewhere') {
      t.match(await stage.verify(victim, 'proof'), { clean: false, kind: found }, 'a mount outlives its maker');
      execaSync('umount', ['/run/hostile/netns']);
    }
    t.match(await stage.verify(victim, 'proof'), { clean: true }, `${kind}: gone, and nothing is left`);
    await stage.destroy(victim);
  }
});

t.test('sockets that a process outside keeps are found of a sealed endpoint too', async (t) => {
  const stage = await Stage.open(t);
  for (const { kind } of HELD.filter(({ found }) => found === 'sockets')) {
    const victim = await stage.build({ settled: true });
    const endHolder = await startHolder(kind, victim);
    for (const unprivileged of [true, false])
      t.match(await stage.verify(victim, 'seal', { unprivileged }), { clean: false, kind: 'sockets' }, kind);
    await endHolder();
    t.match(await stage.verify(victim, 'seal', { unprivileged: true }), { clean: true, way: 'seal' }, `${kind}: gone`);
    await stage.destroy(victim);
  }
});

t.test('a BPF program that was attached to the namespace is found', async (t) => {
  const stage = await Stage.open(t);
  const victim = await stage.build();
  const endHolder = await startHolder('flow dissector', victim);
  await endHolder();
  t.match(await stage.verify(victim, 'proof'), { clean: false, kind: 'BPF programs of the namespace' });
  await stage.destroy(victim);
});

t.test('a process inside is found, and named', async (t) => {
  const stage = await Stage.open(t);
  const victim = await stage.build();
  const child = execa('nsenter', [`--net=${victim.path}`, 'sleep', '600'], { reject: false });
  await eventually('it is inside', () => readlinkSync(`/proc/${child.pid}/ns/net`) === `net:[${victim.netnsInode}]`);
  for (const way of ['seal', 'proof'] as const)
    t.match(await stage.verify(victim, way), {
      clean: false,
      kind: 'process inside',
      text: new RegExp(`process ${child.pid}\\b`),
    });
  child.kill('SIGKILL');
  await child;
  t.match(await stage.verify(victim, 'seal'), { clean: true });
  await stage.destroy(victim);
});

t.test('a process inside is what is found, whatever else holds the endpoint', async (t) => {
  const stage = await Stage.open(t);
  for (const kind of ['open namespace', 'mount elsewhere'] as const) {
    const victim = await stage.build();
    const endHolder = await startHolder(kind, victim);
    const child = execa('nsenter', [`--net=${victim.path}`, 'sleep', '600'], { reject: false });
    await eventually('it is inside', () => readlinkSync(`/proc/${child.pid}/ns/net`) === `net:[${victim.netnsInode}]`);
    t.match(await stage.verify(victim, 'proof'), { clean: false, kind: 'process inside' }, kind);
    child.kill('SIGKILL');
    await child;
    t.match(await stage.verify(victim, 'proof'), { clean: false, kind: 'held open' }, `${kind}, and the process left`);
    await endHolder();
    if (kind === 'mount elsewhere') execaSync('umount', ['/run/hostile/netns']);
    await stage.destroy(victim);
  }
});

t.test('a connection that lingers after its process has ended is found', async (t) => {
  const stage = await Stage.open(t);
  const victim = await stage.build();
  const server = execa(
    'nsenter',
    [`--net=${stage.fake.netnsPath}`, 'busybox', 'nc', '-l', '-p', '7000', '-e', 'sleep', '600'],
    { reject: false },
  );
  await eventually('the server listens', () =>
    execaSync('nsenter', [`--net=${stage.fake.netnsPath}`, 'ss', '-ltn']).stdout.includes(':7000'),
  );
  const client =
    "const s = require('net').connect(7000, '10.213.0.1', () => { s.write('x'); setTimeout(() => process.exit(), 50); })";
  execaSync('nsenter', [`--net=${victim.path}`, 'node', '-e', client]);
  t.match(execaSync('nsenter', [`--net=${victim.path}`, 'ss', '-tan']).stdout, /FIN-WAIT|LAST-ACK|TIME-WAIT/);
  t.match(await stage.verify(victim, 'proof'), { clean: false, kind: 'sockets' });
  server.kill('SIGKILL');
  await server;
  await stage.destroy(victim);
});
