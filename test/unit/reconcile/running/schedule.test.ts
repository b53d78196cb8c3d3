import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Finding } from '../../../../src/reconcile/findings.js';
import { ReconcileSchedule } from '../../../../src/reconcile/running/schedule.js';

const TOLD: Finding = {
  pool: 'default',
  object: 'default-1',
  endpoint: 'default-1',
  lease: 'a',
  problem: 'its link in the hub is gone',
  action: 'none',
  outcome: 'found',
  advice: 'restart it',
};
const DONE: Finding = { ...TOLD, object: 'default-2', action: 'replaced', outcome: 'done', advice: null };

/** Reconciles that find what the test says; null: they fail. */
function scene() {
  const lines: string[] = [];
  const runs: boolean[] = [];
  const found = { next: [] as Finding[] | null };
  const schedule = new ReconcileSchedule({
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
  return { lines, runs, found, schedule };
}

t.test('a repair is logged each time, what lasts is logged once', async (t) => {
  const { lines, found, schedule } = scene();
  const stays = 'default-1: its link in the hub is gone; restart it';
  const done = 'default-2: its link in the hub is gone; replaced';
  found.next = [TOLD, DONE];
  await schedule.run({ fix: true });
  t.strictSame(lines.splice(0), [stays, done]);
  await schedule.run({ fix: true });
  t.strictSame(lines.splice(0), [done]);
  found.next = [];
  await schedule.run({ fix: true });
  found.next = [TOLD];
  await schedule.run({ fix: true });
  t.strictSame(lines.splice(0), [stays], 'it had gone in between');
});

t.test('a reconcile without fix logs nothing', async (t) => {
  const { lines, found, schedule } = scene();
  found.next = [TOLD];
  t.match(await schedule.run({ fix: false }), { findings: [TOLD] });
  t.strictSame(lines, []);
});

t.test('reconciles continue after one that failed, until disposed', async (t) => {
  const { lines, runs, found, schedule } = scene();
  found.next = null;
  schedule.start();
  while (lines.length === 0) await delay(1);
  t.equal(lines[0], 'reconcile failed');
  found.next = [DONE];
  while (lines.at(-1)?.endsWith('replaced') !== true) await delay(1);
  schedule[Symbol.dispose]();
  const after = runs.length;
  await delay(20);
  t.ok(runs.length <= after + 1, 'one may have been under way');
  t.ok(runs.every((fix) => fix));
});
