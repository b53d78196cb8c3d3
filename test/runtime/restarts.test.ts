import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { type Daemon, startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { expectNothingLeft } from './leftover.js';
import { NETNSD_RUNC, writeSettings } from './wrapper.js';

/** The command as users have it: the native front. */
const NETNSD = fileURLToPath(new URL('../../bin/netnsd', import.meta.url));
/** How often the daemon is restarted, and how often killed: `NETNSD_RESTART_ROUNDS=10` is the long form. */
const ROUNDS = Number(process.env.NETNSD_RESTART_ROUNDS ?? 2);
/** 20 starts a second, as far as the machine can; fewer where so many are under way. */
const START_EVERY_MS = 50;
const UNDER_WAY_MAX = 16;
/** What of a pool of 64 has to lie on the shelf before a client takes that waits for a daemon for no more than 10 s. */
const PLENTY = 2 * UNDER_WAY_MAX;
const POOL = `
[pools.default]
subnet = "10.213.0.0/22"
min_ready = 64
max = 256
sizing = "fixed"
`;

/** The ways to start; each ends what it started, and throws what it does not succeed in. */
type Start = (id: string) => Promise<void>;

function lying(daemon: Daemon): number {
  return readdirSync(join(daemon.stateDir, 'shelf/offers/default/unused')).length;
}

/** `netnsd-runc run` before a runtime that does nothing, on a bundle with these annotations. */
function wrapped(daemon: Daemon, annotations: object): Start {
  const settings = writeSettings({ runtime: '/bin/true', socket: daemon.socket, deadline_ms: 600_000 });
  const namespaces = [{ type: 'mount' }, { type: 'network' }];
  const spec = JSON.stringify({ ociVersion: '1.0.2', root: { path: 'rootfs' }, annotations, linux: { namespaces } });
  return async (id) => {
    const bundle = join(daemon.folder, id);
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'config.json'), spec);
    const env = { NETNSD_RUNC_CONFIG: settings };
    const { stderr } = await execa(NETNSD_RUNC, ['run', '--bundle', bundle, id], { env, stdin: 'ignore' });
    if (stderr !== '') throw new Error(stderr);
  };
}

/** `netnsd acquire` and `netnsd release`. */
function byHand(daemon: Daemon): Start {
  const call = (...args: string[]) => execa(NETNSD, [...args, '--socket', daemon.socket], { stdin: 'ignore' });
  return async (id) => {
    const { stdout } = await call('acquire', '--id', id, '--path');
    if (!stdout.startsWith('/')) throw new Error(`no path: ${stdout}`);
    await call('release', '--id', id);
  };
}

t.test('no start fails while the daemon is restarted and killed', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  await eventually('the endpoints lie on the shelf', () => lying(daemon) >= 64);
  const fromShelf = wrapped(daemon, { 'an.annotation': 'x' });
  // Empty annotations are for the daemon to edit.
  const asking = wrapped(daemon, {});
  const hand = byHand(daemon);
  const underWay = new Set<Promise<void>>();
  const failures: string[] = [];
  const counts = { fromShelf: 0, asking: 0, hand: 0 };
  let starting = true;
  const begin = (index: number): void => {
    const way = (['asking', 'fromShelf', 'hand', 'fromShelf'] as const)[index % 4] as keyof typeof counts;
    const chosen = way === 'hand' && lying(daemon) < PLENTY ? 'fromShelf' : way;
    const one = { fromShelf, asking, hand }[chosen](`c${index}`).then(
      () => {
        counts[chosen] += 1;
      },
      (error: Error) => {
        failures.push(`c${index}, ${chosen}: ${error.message}`);
      },
    );
    underWay.add(one);
    void one.finally(() => underWay.delete(one));
  };
  const starts = (async () => {
    for (let index = 0; starting; index += 1) {
      while (underWay.size >= UNDER_WAY_MAX) await Promise.race(underWay);
      begin(index);
      await delay(START_EVERY_MS);
    }
  })();
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const before = counts.asking + counts.fromShelf + counts.hand;
    await daemon.stop(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    await eventually('starts go on', () => counts.fromShelf + counts.hand + counts.asking >= before + 10);
    daemon.start();
    await daemon.answers();
    // So that no start meets more than two daemons that end.
    await Promise.all(underWay);
    await eventually('the shelf is filled again', () => lying(daemon) >= PLENTY);
  }
  starting = false;
  await starts;
  await Promise.all(underWay);
  t.strictSame(failures, []);
  t.comment(JSON.stringify(counts));
  t.ok(Math.min(counts.asking, counts.fromShelf, counts.hand) >= ROUNDS, 'each way was gone');
  await expectNothingLeft(t, daemon, { gone: [] });
  t.match(await daemon.pools(), [{ leased: 0, broken: 0 }]);
});
