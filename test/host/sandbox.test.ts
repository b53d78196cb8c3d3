import { readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';

// Outside of the sandbox, on the machine itself: nothing but sandbox.sh may be started here.
const sandbox = (script: string) =>
  execa('native-scripts/sandbox.sh', ['bash', '-euc', script], { reject: false, stdin: 'ignore' });
const hostState = async () => (await execa('native-scripts/host-state.sh')).stdout;

/** A word for a command line, by which a process of this test is told from all others. */
const mark = `${process.pid}${Date.now()}`;
const marked = () =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`sleep\0${mark}`);
    } catch {
      return false; // no process, or one that ended meanwhile
    }
  });

/** Whether `look` comes to hold within twenty seconds. */
async function becomes(look: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 400 && !look(); attempt += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  return look();
}

/** What a careless test could do: links, routes, rules, nftables, sysctls, names, mounts, cgroups, orphans. */
const HAVOC = `
  ip link add netnsd-br0 type bridge; ip link set netnsd-br0 up
  ip address add 10.213.0.1/16 dev netnsd-br0; ip route add 10.99.0.0/16 via 10.213.0.2
  ip rule add from 10.99.0.0/16 table 99
  nft add table inet netnsd-test
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ip netns add netnsd-test
  mkdir /run/netnsd /run/runc; mount -t tmpfs tmpfs /run/netnsd; mount -t tmpfs tmpfs /mnt
  for type in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $type/netnsd-left 2>/dev/null || true; done
  setsid sleep ${mark} & disown`;

// What a killed sandbox has left goes with the next one.
t.before(() => sandbox('true'));

t.test('whatever happens in a sandbox, the machine is as it was', async (t) => {
  const before = await hostState();
  const { exitCode, stderr } = await sandbox(`${HAVOC}; exit 0`);
  t.equal(exitCode, 0, stderr);
  t.equal(await hostState(), before);
  t.same(marked(), [], 'no process is left');
});

t.test('a sandbox that is interrupted or terminated leaves nothing', async (t) => {
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const signal of Object.keys(statuses) as (keyof typeof statuses)[]) {
    const before = await hostState();
    const running = sandbox(`${HAVOC}; echo done; sleep ${mark}`);
    for await (const line of running) {
      if (line !== 'done') continue;
      t.ok(await becomes(() => marked().length === 2), 'its processes are running');
      running.kill(signal);
    }
    t.equal((await running).exitCode, statuses[signal], `${signal} shows in the exit status`);
    t.equal(await hostState(), before, `after ${signal}`);
    t.same(marked(), [], 'no process is left');
  }
});

t.test(
  'a sandbox whose script is killed takes its processes with it, and the next one removes its cgroups',
  async (t) => {
    const before = await hostState();
    const running = sandbox(`${HAVOC}; echo done; sleep ${mark}`);
    for await (const line of running) if (line === 'done') running.kill('SIGKILL');
    await running;
    t.ok(await becomes(() => marked().length === 0), 'no process is left');
    t.equal((await sandbox('true')).exitCode, 0);
    t.equal(await hostState(), before);
  },
);

t.test('a sandbox passes on standard input and the exit status of its command', async (t) => {
  t.equal((await sandbox('exit 7')).exitCode, 7);
  const { stdout } = await execa('native-scripts/sandbox.sh', ['cat'], { input: 'heard' });
  t.equal(stdout, 'heard');
});

t.test('a command in a sandbox sees none of the machine: one link, no named namespace, its own /run', async (t) => {
  const { stdout } = await sandbox('ls /sys/class/net; ls /run/netns; echo $NETNSD_SANDBOX; cat /run/netnsd-sandbox');
  const [link, flag, namespaces] = stdout.split('\n');
  t.equal(link, 'lo');
  t.equal(flag, '1');
  t.match(namespaces, /^net:\[\d+\] mnt:\[\d+\]$/);
});

t.test('a test that changes the network refuses to run outside the sandbox', async (t) => {
  const guard = new URL('../guard.js', import.meta.url).href;
  const script = `const { assertSandbox } = await import('${guard}'); assertSandbox();`;
  const command = ['--input-type=module', '-e', script] as const;
  const outside = await execa(process.execPath, command, { reject: false, env: { NETNSD_SANDBOX: '1' } });
  t.equal(outside.exitCode, 1);
  t.match(outside.stderr, 'run it by `npm test`');
  const inside = await execa('native-scripts/sandbox.sh', [process.execPath, ...command], { reject: false });
  t.equal(inside.exitCode, 0, inside.stderr);
  const elsewhere = ['unshare', '--net', process.execPath, ...command];
  const deeper = await execa('native-scripts/sandbox.sh', elsewhere, { reject: false });
  t.match(deeper.stderr, 'not in its sandbox', 'nor in a namespace that the sandbox does not know');
});

t.test('faults are injected nowhere but inside the sandbox', async (t) => {
  const preload = new URL('../crash/faults/preload.js', import.meta.url).href;
  const env = { NETNSD_FAULTS: t.testdir(), NETNSD_SANDBOX: '1' };
  const { exitCode, stderr } = await execa(process.execPath, ['--import', preload, '-e', ''], { reject: false, env });
  t.equal(exitCode, 1);
  t.match(stderr, 'run it by `npm test`');
});

t.test('the script of the continuous integration runs all tests', async (t) => {
  t.match(readFileSync('.ci/run', 'utf8'), /^exec npm test$/m);
});
