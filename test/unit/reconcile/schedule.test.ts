import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Finding } from '../../../src/reconcile/findings.js';
import { Reconciling } from '../../../src/reconcile/schedule.js';

const TOLD: Finding = {
  pool: 'default',
  object: 'default-1',
  endpoint: 'default-1',
  lease: 'a',
  problem: 'its link at the host is gone',
  action: 'none',
  outcome: 'found',
  advice: 'start it anew',
};
const DONE: Finding = { ...TOLD, object: 'default-2', action: 'replaced', outcome: 'done', advice: null };

/** Comparisons that find what the test says; nothing: they fail. */
function scene() {
  const lines: string[] = [];
  const runs: boolean[] = [];
  const found = { next: [] as Finding[] | null };
  const reconciling = new Reconciling({
    reconciler: {
      run: async ({ fix }) => {
        runs.push(fix);
        if (found.next === null) throw new Error('no answer');
        return { findings: found.next, endpoints: 1, tookMs: 1 };
      },
    },
    intervalMs: 1,
    log: { warn: (_, message) => void lines.push(message) },
  });
  return { lines, runs, found, reconciling };
}

t.test('what was done is logged each time, what stays is logged once while it stays', async (t) => {
  const { lines, found, reconciling } = scene();
  const stays = 'default-1: its link at the host is gone; start it anew';
  const done = 'default-2: its link at the host is gone; replaced';
  found.next = [TOLD, DONE];
  await reconciling.run({ fix: true });
  t.strictSame(lines.splice(0), [stays, done]);
  await reconciling.run({ fix: true });
  t.strictSame(lines.splice(0), [done]);
  found.next = [];
  await reconciling.run({ fix: true });
  found.next = [TOLD];
  await reconciling.run({ fix: true });
  t.strictSame(lines.splice(0), [stays], 'it had gone in between');
});

t.test('a comparison that only tells leaves no line in the log', async (t) => {
  const { lines, found, reconciling } = scene();
  found.next = [TOLD];
  t.match(await reconciling.run({ fix: false }), { findings: [TOLD] });
  t.strictSame(lines, []);
});

t.test('reconciling goes on past a comparison that fails, until it is stopped', async (t) => {
  const { lines, runs, found, reconciling } = scene();
  found.next = null;
  reconciling.start();
  while (lines.length === 0) await delay(1);
  t.equal(lines[0], 'what there is could not be compared with what should be');
  found.next = [DONE];
  while (lines.at(-1)?.endsWith('replaced') !== true) await delay(1);
  reconciling.stop();
  const after = runs.length;
  await delay(20);
  t.ok(runs.length <= after + 1, 'one may have been under way');
  t.ok(runs.every((fix) => fix));
});
