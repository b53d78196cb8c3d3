import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runProcess } from '../programs/run-process.js';
import { turnOf } from '../turns.js';
import { type Bundle, makeBundle } from './bundle.js';
import { DemoDaemon } from './daemon.js';
import { difference, type Inventory, takeInventory } from './left.js';
import { command, duration, fact, line, median, quote, step, style, table } from './page.js';
import { byIp, leased, medians, plain, prepareByIp, start, type Timing, type Variant } from './variants.js';

const timings = new Map<Variant, Timing[]>();
const WITHOUT: readonly Variant[] = [
  byIp('the same, built by `ip` commands'),
  plain('empty', 'an empty namespace (no network at all)'),
  plain('host', "the host's network (no isolation)"),
];
const READY = 50;
const RUNS = 8;
/** Between two starts: the kernel still removes what the one before left. */
const PAUSE_MS = 50;
const LEASE_ROUNDS = 8;
const CONFIG = `
[pools.default]
subnet = "10.213.0.0/16"
min_ready = ${READY}
max = 200

# Keeps nothing ready and reuses nothing, so that every lease has to be built while the container waits.
[pools.cold]
subnet = "10.214.0.0/24"
min_ready = 0
max = 10
sizing = "fixed"
recycle = "replace"
address_cooldown_seconds = 0
`;

async function startDaemon(daemon: DemoDaemon): Promise<void> {
  step('The daemon starts and fills its pool');
  command('netnsd serve');
  const begin = performance.now();
  await daemon.answers();
  fact('the API answers', performance.now() - begin);
  await daemon.settled();
  const filledMs = performance.now() - begin;
  fact(`${READY} network namespaces stand ready, with link, address, routes and bridge port`, filledMs);
}

async function runOne(daemon: DemoDaemon, bundle: Bundle): Promise<void> {
  step('A container starts on one of them, by runc');
  const neighbour = await daemon.client.acquire({ containerId: 'neighbour' });
  const lease = await daemon.client.acquire({ containerId: 'hello' });
  const address = lease?.addresses[0];
  const neighbourIp = neighbour.addresses[0]?.address.split('/')[0];
  if (address === undefined) throw new Error('the pool gave no address');
  const script = `ip address show eth0; ip route; ping -c 2 ${address.gateway}; ping -c 1 ${neighbourIp}`;
  bundle.write(script, 'empty');
  command('netnsd oci patch BUNDLE --id hello');
  await daemon.patch(bundle.folder, 'hello');
  fact(`leased ${lease.id}: ${address.address} on ${lease.netns.path}`);
  command('runc run --bundle BUNDLE hello');
  const { output } = await bundle.run('hello');
  quote(output);
  if (!output.includes(address.address)) throw new Error('the container has not the address of its lease');
  const answers = output.match(/ 0% packet loss/g)?.length ?? 0;
  if (answers !== 2) throw new Error('the container does not reach its gateway and its neighbour');
  fact('it has the address that was built for it, and reaches its gateway and another holder of a lease');
  for (const one of [lease, neighbour]) await daemon.client.release(one.id);
}

/** Leases in rounds, so that the pool is never empty; also what warms up both ends for the comparison. */
async function leaseMany(daemon: DemoDaemon): Promise<void> {
  step('How long a lease takes');
  const times: number[] = [];
  for (let round = 0; round < LEASE_ROUNDS; round += 1) {
    const ids: string[] = [];
    for (let one = 0; one < READY / 2; one += 1) {
      const begin = performance.now();
      ids.push((await daemon.client.acquire()).id);
      times.push(performance.now() - begin);
    }
    for (const id of ids) await daemon.client.release(id);
    await daemon.settled();
  }
  fact(`namespace leased, over the socket and back (median of ${times.length})`, median(times));
}

/** Starts containers by each variant in turns; the first turn only warms the caches. */
async function measure(variants: readonly Variant[], bundle: Bundle, settled: () => Promise<void>): Promise<void> {
  for (let turn = 0; turn <= RUNS; turn += 1) {
    for (const [place, variant] of turnOf(variants, turn).entries()) {
      await settled();
      await delay(PAUSE_MS);
      const timing = await start(variant, bundle, `c${turn}-${place}`);
      if (turn > 0) timings.set(variant, [...(timings.get(variant) ?? []), timing]);
    }
  }
}

/** What a start costs on this machine while netnsd does not run on it; called before its start and after its end. */
async function measureWithout(bundle: Bundle): Promise<void> {
  step(`Starts without netnsd (${RUNS} runs each, in turns)`);
  const removeBridge = await prepareByIp();
  await measure(WITHOUT, bundle, async () => {});
  await removeBridge();
  for (const variant of WITHOUT) fact(variant.title, medians(timings.get(variant) ?? []).totalMs);
}

async function measureWith(daemon: DemoDaemon, bundle: Bundle): Promise<readonly Variant[]> {
  step(`Starts with netnsd (${RUNS} runs each, in turns)`);
  const variants = [
    leased(daemon.client, 'default', 'pooled namespace'),
    leased(daemon.client, 'cold', 'the same, built cold by netnsd'),
  ];
  await measure(variants, bundle, () => daemon.settled());
  for (const variant of variants) fact(variant.title, medians(timings.get(variant) ?? []).totalMs);
  return variants;
}

function compare(variants: readonly Variant[]): void {
  step('What it costs to start (medians; without netnsd: before it started and after it had ended)');
  const results = variants.map((variant) => ({ ...variant, ...medians(timings.get(variant) ?? []) }));
  const host = results.at(-1)?.totalMs ?? Number.NaN;
  table(
    ['', 'network', 'container started', 'together', 'against host'],
    results.map(({ title, networkMs, startedMs, totalMs }) => [
      title,
      title.startsWith('an empty') || title.startsWith('the host') ? '-' : duration(networkMs),
      duration(startedMs),
      duration(totalMs),
      `${(totalMs / host).toFixed(2)} x`,
    ]),
  );
  const [pooled, cold] = results;
  if (pooled === undefined || cold === undefined) return;
  line();
  fact(`namespace leased in ${duration(pooled.networkMs)}, container started in ${duration(pooled.startedMs)};`);
  fact(`built cold, the same container waits ${duration(cold.networkMs)} for its network`);
}

async function cleanUp(daemon: DemoDaemon, before: Inventory): Promise<void> {
  step('Everything is taken down');
  command('netnsd down');
  const begin = performance.now();
  await daemon.down();
  fact('the daemon has ended, and its pools are gone', performance.now() - begin);
  const left = difference(before, await takeInventory(daemon.stateDir));
  if (left.length > 0) throw new Error(`something is left: ${left.join('; ')}`);
  const containers = (await runProcess('runc', ['list', '--quiet'])).trim();
  if (containers !== '') throw new Error(`containers are left: ${containers}`);
  fact('nothing is left: no link, no mount, no file, no container (seen by ip, /proc and runc)');
}

const folder = mkdtempSync(join(tmpdir(), 'demo-'));
line(style('netnsd: containers start on networks that are already there', 'bold'));
line(style('All of this runs in a sandbox; the network of this machine is not touched.', 'dim'));
const before = await takeInventory(join(folder, 'state'));
let daemon: DemoDaemon | undefined;
try {
  const bundle = await makeBundle(folder);
  await measureWithout(bundle);
  daemon = new DemoDaemon(folder, CONFIG);
  await startDaemon(daemon);
  await runOne(daemon, bundle);
  await leaseMany(daemon);
  const variants = await measureWith(daemon, bundle);
  await cleanUp(daemon, before);
  await measureWithout(bundle);
  compare([...variants, ...WITHOUT]);
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  if (daemon !== undefined) console.error(`\nThe daemon's log:\n${daemon.log()}`);
  process.exitCode = 1;
  await daemon?.down().catch(() => {}); // what is left ends with the sandbox
} finally {
  rmSync(folder, { recursive: true, force: true });
}
