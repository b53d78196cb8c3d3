import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ENDPOINT_STATES } from '../../src/pool/types.js';
import { Daemon } from './daemon.js';
import { eventually } from './eye.js';
import { type Call, callsIn, changedPaths, tracing } from './trace.js';
import { allowedCalls, directive } from './unit-file.js';
import { SeenVault } from './vault.js';

const SPEC = JSON.stringify({ linux: { namespaces: [{ type: 'network' }] } });

/** Of the host: pools with `masquerade` need it, and `netnsd down` switches it off again. */
const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
/** No files: what empties a cache of the namespace that the thread stands in. */
const FLUSHES = ['/proc/sys/net/ipv4/route/flush', '/proc/sys/net/ipv6/route/flush'];
/** Of a hub, by a procfs that is mounted nowhere: strace shows the path in it. */
const HUB_SYSCTLS = [
  '/sys/net/ipv6/conf/default/disable_ipv6',
  ...['ip', 'ip6', 'arp'].map((family) => `/sys/net/bridge/bridge-nf-call-${family}tables`),
];
/** Of the uplink, a link of netnsd's own. */
const UPLINK_SYSCTLS =
  /^\/proc\/sys\/net\/ipv(6\/conf\/nb[a-z2-7]{4}-[a-z2-7]{4}\/accept_ra|4\/conf\/nb[a-z2-7]{4}-[a-z2-7]{4}\/route_localnet)$/;

/** Mount points, as the kernel thread has them that is in the vault, and paths of leases, below the descriptor of its root. */
const IN_VAULT =
  /^\/ns\/[a-z]+-\d+$|^\/hubs(\/[a-z]+\.\d+)?$|^\/(proc\/self\/fd\/\d+\/)?netns\/[a-z]+-\d+\.[0-9a-f]{16}$/;

interface Life {
  readonly calls: Call[][];
  readonly daemon: Daemon;
  readonly bundle: string;
}

/** Puts symlinks and hard links to `victim` wherever netnsd has files of its own, and a fifo and a folder into each folder. */
function plant(stateDir: string, victim: string): void {
  for (const [position, name] of ['sequence', 'site.json', 'host.json', 'ports.json', 'cooldowns', 'lock'].entries()) {
    rmSync(join(stateDir, name), { force: true });
    if (position % 2 === 0) symlinkSync(victim, join(stateDir, name));
    else linkSync(victim, join(stateDir, name));
    symlinkSync(victim, join(stateDir, `${name}.new`));
  }
  for (const folder of ENDPOINT_STATES) {
    symlinkSync(victim, join(stateDir, folder, 'default-900.json'));
    symlinkSync(victim, join(stateDir, folder, '.default-901.new'));
    execFileSync('mkfifo', [join(stateDir, folder, 'default-902.json')]);
    mkdirSync(join(stateDir, folder, 'a\nfolder'));
  }
}

/** Ends a daemon and what stands in its vault, which strace follows as well, and so would not end before. */
async function end(daemon: Daemon, signal: NodeJS.Signals): Promise<void> {
  const ending = daemon.stop(signal);
  await eventually('the daemon has ended', () => !existsSync(`/proc/${daemon.pid}`));
  process.kill(-new SeenVault(daemon.stateDir).resident, 'SIGKILL');
  await ending;
}

/** The calls of netnsd-vault, which puts another root in the place of its own: its paths are not the host's. */
function isOfVault(calls: readonly Call[]): boolean {
  return calls.some(
    ({ name, args }) =>
      (name === 'execve' && /^"[^"]*netnsd-vault"/.test(args)) ||
      (name === 'prctl' && args.includes('PR_SET_PDEATHSIG')) ||
      // Its child, which may end before it executes anything: where the new mount namespace cannot be pinned for its number.
      name === 'setsid',
  );
}

/**
 * A daemon's whole life under strace: it fills its pools, leases warm and cold, patches a bundle, releases, changes its
 * size, is killed, finds everything again and hostile files besides, and ends; then it is taken down.
 */
async function life(t: Test): Promise<Life> {
  const daemon = new Daemon(mkdtempSync(join(tmpdir(), 'daemon-')), t);
  const bundle = mkdtempSync(join(tmpdir(), 'bundle-'));
  const { wrapper, folder } = tracing();
  const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  const victim = join(elsewhere, 'victim');
  writeFileSync(victim, 'precious');
  t.teardown(() => {
    for (const made of [bundle, folder, elsewhere]) rmSync(made, { recursive: true, force: true });
  });
  writeFileSync(join(bundle, 'config.json'), SPEC);
  writeFileSync(
    daemon.configFile,
    'socket_group = "root"\n[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 8\n',
  );
  await using _ = daemon;
  daemon.start(wrapper);
  await daemon.answers();
  await daemon.filled();
  const lease = await daemon.acquire('--id', 'one');
  t.equal((await daemon.send('POST', '/v1/leases', { count: 5, wait: 5, ttl: 1 })).status, 201, 'cold ones among them');
  t.equal((await daemon.send('POST', '/v1/oci/patch', { bundle, containerId: 'b' })).status, 200);
  t.match(readFileSync(join(bundle, 'config.json'), 'utf8'), daemon.stateDir, 'a bundle was patched');
  await eventually('their time is over', async () => (await daemon.leases()).length === 2);
  await daemon.send('PATCH', '/v1/pools/default', { minReady: 3 });
  await daemon.send('DELETE', `/v1/leases/${lease.id}`);
  await daemon.get('/v1/status');
  await daemon.filled();
  await end(daemon, 'SIGKILL');
  plant(daemon.stateDir, victim);
  daemon.start(wrapper);
  await daemon.answers();
  await daemon.filled();
  t.match(daemon.log(), 'was set aside');
  t.equal((await daemon.send('POST', '/v1/leases', {})).status, 201, 'and all works');
  await end(daemon, 'SIGTERM');
  plant(daemon.stateDir, victim);
  await daemon.down();
  t.equal(readFileSync(victim, 'utf8'), 'precious', 'what was planted led nowhere');
  return { calls: callsIn(folder), daemon, bundle };
}

t.test('no path outside the state directory, the bundle and the socket is ever written', async (t) => {
  const { calls, daemon, bundle } = await life(t);
  const changed = changedPaths(
    calls.filter((one) => !isOfVault(one)),
    process.cwd(),
  );
  const within = (folder: string) => changed.filter((path) => path.startsWith(`${folder}/`));
  t.ok(within(daemon.stateDir).length > 30, `${within(daemon.stateDir).length} paths in the state directory`);
  t.equal(within(bundle).length, 2, 'a temporary file in the bundle, and config.json');
  const own = [...within(daemon.stateDir), ...within(bundle), daemon.stateDir, daemon.socket];
  const known = new Set([...own, ...FLUSHES, FORWARDING, ...HUB_SYSCTLS, '/dev/null']);
  t.same(
    changed.filter((path) => !known.has(path) && !IN_VAULT.test(path) && !UPLINK_SYSCTLS.test(path)),
    [],
  );
  t.ok(
    changed.some((path) => IN_VAULT.test(path)),
    'mount points in the vault',
  );

  t.comment('the unit lets through what the daemon does');
  const allowed = await allowedCalls();
  t.ok(allowed.size > 100 && !allowed.has('init_module'), `${allowed.size} system calls are allowed`);
  const made = new Set(calls.flat().map(({ name }) => name));
  // netnsd-vault does without where it is refused.
  made.delete('sched_setaffinity');
  t.ok(made.has('unshare') && made.has('mount') && made.has('sendto'), `${made.size} different ones were made`);
  t.same(
    [...made].filter((name) => !allowed.has(name)),
    [],
  );
  const families = new Set(
    calls.flat().flatMap(({ name, args }) => (name === 'socket' ? [args.split(',')[0] ?? ''] : [])),
  );
  t.same([...families].sort(), directive('RestrictAddressFamilies').sort());
});
