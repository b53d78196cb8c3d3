import { execa } from 'execa';
import t from 'tap';
import { type Daemon, MAIN, startDaemon } from './daemon.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 4\n';

function enter(daemon: Daemon, ...words: string[]) {
  const where = ['--socket', daemon.socket, '--state-dir', daemon.stateDir];
  return execa(process.execPath, [MAIN, 'enter', ...where, ...words], { reject: false, cwd: '/usr', input: 'pwd\n' });
}

async function linksIn(daemon: Daemon, where: string): Promise<string[]> {
  const { stdout } = await enter(daemon, where, '--', 'ip', '-j', 'link');
  return (JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname);
}

t.test('a command is run in an endpoint, in a lease and in a hub, with a daemon and without', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const lease = await daemon.acquire('--id', 'one');
  const endpoint = lease.netns.path.slice(lease.netns.path.lastIndexOf('/') + 1, lease.netns.path.lastIndexOf('.'));
  t.same(await linksIn(daemon, lease.id), ['lo', 'eth0']);
  const { stdout } = await enter(daemon, endpoint, 'ip', '-o', 'address', 'show', 'eth0');
  t.match(stdout, lease.addresses[0]?.address as string);
  await daemon.stop('SIGKILL');
  t.same(await linksIn(daemon, endpoint), ['lo', 'eth0']);
  for (const hub of ['hub:default', 'hub:default.0']) {
    const found = await linksIn(daemon, hub);
    t.ok(
      ['bridge', 'uplink'].every((name) => found.includes(name)),
      hub,
    );
    t.ok(found.includes(lease.interface.hostName), "the lease's other end");
  }
});

t.test('the command has the status, the folder and the streams of the caller; by default it is a shell', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  t.equal((await enter(daemon, 'hub:default', '--', 'sh', '-c', 'exit 7')).exitCode, 7);
  t.equal((await enter(daemon, 'hub:default', 'pwd')).stdout, '/usr');
  t.equal((await enter(daemon, 'hub:default', 'cat')).stdout, 'pwd');
  t.equal((await enter(daemon, 'hub:default')).stdout, '/usr', 'a shell reads the command');
});

t.test('what is not there is named', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const told = async (...words: string[]) => {
    const { exitCode, stderr } = await enter(daemon, ...words);
    t.equal(exitCode, 1);
    return stderr;
  };
  t.match(await told('default-99', 'true'), /there is no endpoint default-99/);
  t.match(await told('hub:other', 'true'), /there is no hub other; there are hub:default\.0/);
  t.match(await told('0123456789abcdef', 'true'), /lease/);
  t.match(await told('hub:default', 'no-such-program'), /there is no program no-such-program in PATH/);
});
