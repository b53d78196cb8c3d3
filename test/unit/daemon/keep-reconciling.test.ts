import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Finding } from '../../../src/daemon/findings.js';
import { FindingLog, keepReconciling } from '../../../src/daemon/keep-reconciling.js';

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

function logged() {
  const lines: string[] = [];
  const log = { warn: (_: object, message: string) => void lines.push(message) };
  return { lines, log, findings: new FindingLog(log) };
}

t.test('what was done is logged each time, what stays is logged once while it stays', async (t) => {
  const { lines, findings } = logged();
  const stays = 'default-1: its link at the host is gone; start it anew';
  const done = 'default-2: its link at the host is gone; replaced';
  findings.tell([TOLD, DONE]);
  t.strictSame(lines.splice(0), [stays, done]);
  findings.tell([TOLD, DONE]);
  t.strictSame(lines.splice(0), [done]);
  findings.tell([]);
  findings.tell([TOLD]);
  t.strictSame(lines.splice(0), [stays], 'it had gone in between');
});

t.test('reconciling goes on past a comparison that fails, until it is stopped', async (t) => {
  const { lines, log, findings } = logged();
  let runs = 0;
  const reconciler = {
    run: async ({ fix }: { fix: boolean }) => {
      t.ok(fix);
      runs += 1;
      if (runs === 1) throw new Error('no answer');
      return { findings: [DONE], endpoints: 1, tookMs: 1 };
    },
  };
  const stop = keepReconciling({ reconciler, intervalMs: 1, findings, log });
  while (runs < 3) await delay(1);
  stop();
  const after = runs;
  await delay(20);
  t.ok(runs <= after + 1, 'one may have been under way');
  t.equal(lines[0], 'what there is could not be compared with what should be');
  t.match(lines[1], /^default-2: .*; replaced$/);
});
