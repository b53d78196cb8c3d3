import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { cniEnvironment, cniInput } from '../native/cni.js';
import { run } from '../native/program.js';
import { type CniScene, OFTEN, startScene } from './cni-plugin.js';
import { eventually, links, mountsBelow } from './eye.js';

/** Calls that change something: between two of them, all that can be left is the same. */
const CHANGING = [
  'mkdir',
  'openat',
  'writev',
  'renameat',
  'renameat2',
  'unlinkat',
  'mount',
  'umount2',
  'setns',
  'sendto',
  'exit_group',
];

interface Step {
  readonly name: string;
  /** Which call of this name it is. */
  readonly time: number;
}

interface Walked {
  readonly command: string;
  readonly netns: string;
  readonly ifname: string;
  readonly config?: object;
}

/** Runs the plugin under strace. */
async function traced(
  scene: CniScene,
  { command, netns, ifname, config = {} }: Walked,
  args: readonly string[],
): Promise<void> {
  const call = { command, netns, ifname, config: { socket: scene.daemon.socket, ...config } };
  await run('strace', ['-qq', ...args, scene.plugin], { env: cniEnvironment(call), input: cniInput(call) });
}

/** Kills the plugin at each of its steps in turn, calls `each`, and returns the steps. */
async function walk(scene: CniScene, walked: Walked, each: (step: string) => Promise<void>): Promise<Step[]> {
  const trace = join(scene.folder, 'trace');
  await traced(scene, walked, ['-o', trace]);
  const steps: Step[] = [];
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const name = /^\w+/.exec(line)?.[0] ?? '';
    const time = steps.filter((step) => step.name === name).length + 1;
    if (CHANGING.includes(name)) steps.push({ name, time });
  }
  rmSync(trace);
  await each('the end');
  for (const { name, time } of steps) {
    await traced(scene, walked, ['-o', '/dev/null', '-e', `inject=${name}:signal=KILL:when=${time}`]);
    await each(`${name} ${time}`);
  }
  return steps;
}

/** How many port mappings of pods the host's table has. */
async function portMappings(): Promise<number> {
  const { stdout } = await execa('nft', ['list', 'ruleset']);
  return stdout.match(/^.*elements = .*\b20080\b.*$/gm)?.length ?? 0;
}

t.test('of an ADD that was killed at any step, DEL leaves nothing', async (t) => {
  await using scene = await startScene(t);
  const { path, inode } = await scene.makeNetns('a');
  const problems: string[] = [];
  const each = (ifname: string) => async (step: string) => {
    const { status } = await scene.call({ command: 'DEL', netns: path, ifname });
    const left = [...scene.attachments().filter((name) => !name.startsWith('.')), ...(await scene.daemon.leases())];
    const whole = status === 0 && left.length === 0 && statSync(path).ino === inode && mountsBelow(path).length === 1;
    const names = (await links(path)).map((link) => link.ifname);
    if (!whole || names.join() !== 'lo' || (await portMappings()) > 0)
      problems.push(`step ${step}: DEL ${status}, ${JSON.stringify(left)}, ${names}`);
    await scene.daemon.filled();
    await scene.laidOut(1);
  };
  const config = { runtimeConfig: { portMappings: [{ hostPort: 20080, containerPort: 80, protocol: 'udp' }] } };
  const overlaid = await walk(scene, { command: 'ADD', netns: path, ifname: 'eth0', config }, each('eth0'));
  const grafted = await walk(scene, { command: 'ADD', netns: path, ifname: 'net1' }, each('net1'));
  t.strictSame(problems, []);
  t.ok(overlaid.some(({ name }) => name === 'mount'));
  t.ok(grafted.filter(({ name }) => name === 'sendto').length > 4);
});

t.test('a DEL that was killed at any step is repeated', async (t) => {
  await using scene = await startScene(t);
  const { path, inode } = await scene.makeNetns('a');
  const problems: string[] = [];
  const config = { runtimeConfig: { portMappings: [{ hostPort: 20080, containerPort: 80 }] } };
  await scene.call({ command: 'ADD', netns: path, config });
  const steps = await walk(scene, { command: 'DEL', netns: path, ifname: 'eth0' }, async (step) => {
    const { status } = await scene.call({ command: 'DEL', netns: path });
    const left = [...scene.attachments().filter((name) => !name.startsWith('.')), ...(await scene.daemon.leases())];
    const whole = status === 0 && left.length === 0 && statSync(path).ino === inode;
    if (!whole) problems.push(`step ${step}: DEL ${status}, ${JSON.stringify(left)}, ${statSync(path).ino}`);
    if ((await portMappings()) > 0) problems.push(`step ${step}: a port is left`);
    const added = await scene.call({ command: 'ADD', netns: path, config });
    if (added.status !== 0) problems.push(`step ${step}: ADD ${added.stdout}`);
  });
  t.strictSame(problems, []);
  t.ok(steps.some(({ name }) => name === 'umount2'));
});

t.test(
  'a runtime that removes its namespace without DEL, and plugins that were killed: the leases end, the files go',
  async (t) => {
    await using scene = await startScene(t, OFTEN);
    const removed = await scene.makeNetns('removed');
    const kept = await scene.makeNetns('kept');
    const gone = await scene.makeNetns('gone');
    await scene.call({ command: 'ADD', id: 'removed', netns: removed.path });
    await scene.call({ command: 'ADD', id: 'kept', netns: kept.path });
    await scene.call({ command: 'ADD', id: 'gone', netns: gone.path, ifname: 'net1' });
    t.equal((await scene.daemon.leases()).length, 3);
    await execa('umount', ['-l', removed.path]);
    await scene.removeNetns(removed.path);
    await scene.removeNetns(gone.path);
    await eventually('their leases have ended', async () => (await scene.daemon.leases()).length === 1);
    const [lease] = await scene.daemon.leases();
    t.match(lease?.containerId, /^kept@/);
    t.equal(statSync(kept.path).ino, lease?.netns.inode);
    await eventually('their files are gone', () => scene.attachments().length === 1);
    t.match(scene.daemon.log(), /its container's network namespace is gone; released/);
  },
);

t.test('a lease whose processes go on although the runtime removed the path is kept', async (t) => {
  await using scene = await startScene(t, OFTEN);
  const { path } = await scene.makeNetns('a');
  await scene.call({ command: 'ADD', netns: path });
  const [lease] = await scene.daemon.leases();
  const container = execa('nsenter', [`--net=${path}`, 'sleep', 'infinity'], { reject: false });
  await eventually('it is inside', () => statSync(`/proc/${container.pid}/ns/net`).ino === lease?.netns.inode);
  await execa('umount', ['-l', path]);
  await scene.removeNetns(path);
  // Three reconciles.
  for (let time = 0; time < 3; time += 1) await scene.daemon.send('POST', '/v1/reconcile', { fix: true });
  t.strictSame(
    (await scene.daemon.leases()).map(({ id }) => id),
    [lease?.id],
  );
  container.kill('SIGKILL');
  await container;
  await eventually('the lease has ended', async () => (await scene.daemon.leases()).length === 0);
});

t.test('what is left in the folder of attachments and is none does no harm', async (t) => {
  await using scene = await startScene(t, OFTEN);
  const { path } = await scene.makeNetns('a');
  await scene.call({ command: 'ADD', netns: path });
  const [name] = scene.attachments();
  const folder = join(scene.daemon.stateDir, 'attachments');
  writeFileSync(join(folder, name as string), '{"network":');
  writeFileSync(join(folder, 'other'), 'x');
  t.match(await scene.daemon.send('POST', '/v1/reconcile', { fix: true }), { status: 200 });
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 }, 'the lease ends, whatever the file says');
  t.strictSame([await scene.daemon.leases(), scene.attachments()], [[], ['other']]);
  rmSync(join(folder, 'other'));
});
