import t from 'tap';
import type { EndpointState } from '../../../src/pool/index.js';
import { type Decision, decide, type Observation } from '../../../src/reconcile/decide.js';
import { record } from './worlds.js';

/** All is as it was built; no process is inside. */
const WHOLE: Observation = {
  mounted: true,
  linked: true,
  former: false,
  inside: [],
  graftInUse: null,
  pool: 'unchanged',
  attended: false,
  lacking: null,
  use: 'unchanged',
};

/** Cases of docs/reconcile.md are held by test/unit/docs/reconcile.test.ts; here is what wins where several hold. */
const CASES: readonly (readonly [title: string, EndpointState, Partial<Observation>, Partial<Decision>])[] = [
  ['nothing is wrong with a ready one', 'ready', {}, { act: 'keep' }],
  [
    'what is not mounted matters before its link',
    'ready',
    { mounted: false, linked: false },
    { act: 'replace', problem: 'its namespace is not mounted any more' },
  ],
  [
    'its link matters before what is inside',
    'ready',
    { linked: false, inside: [7] },
    { act: 'replace', problem: 'its link in the hub is gone' },
  ],
  [
    'a process inside matters before the configuration',
    'ready',
    { inside: [7, 8], pool: 'changed' },
    { act: 'replace', problem: 'process 7 is inside although it is not leased' },
  ],
  [
    'the configuration matters before what is lacking',
    'ready',
    { pool: 'changed', lacking: 'its address' },
    { act: 'replace', problem: "its pool's configuration has changed" },
  ],
  ['a ready one of a removed pool is destroyed', 'ready', { pool: 'removed' }, { act: 'destroy' }],
  ['unless a process is inside', 'ready', { pool: 'removed', inside: [7] }, { act: 'replace' }],
  ['a released one of a removed pool is destroyed as well', 'dirty', { pool: 'removed' }, { act: 'destroy' }],
  ['unless a process is inside', 'dirty', { pool: 'removed', inside: [7] }, { act: 'replace' }],
  [
    'a task works on one that is neither ready nor leased',
    'dirty',
    { attended: true, mounted: false },
    { act: 'keep' },
  ],
  ['without a task it is replaced, for the reason in its record', 'dirty', {}, { act: 'replace', problem: 'released' }],
  ['or for its state', 'building', {}, { act: 'replace', problem: 'it was building when the daemon ended' }],
  ['a leased one is kept', 'leased', {}, { act: 'keep' }],
  [
    'also with processes inside and a changed configuration',
    'leased',
    { inside: [7], pool: 'changed' },
    { act: 'keep' },
  ],
  [
    'a lease whose namespace is gone ends',
    'leased',
    { mounted: false },
    { act: 'release', problem: 'the leased namespace is gone' },
  ],
  [
    'unless processes are inside: that is told',
    'leased',
    { mounted: false, inside: [7] },
    { act: 'report', problem: 'its namespace is not mounted any more' },
  ],
  [
    'a lost link is told before a lost mount',
    'leased',
    { mounted: false, inside: [7], linked: false },
    { act: 'report', problem: 'its link in the hub is gone' },
  ],
  [
    'a container that is gone ends its lease, whatever is lost',
    'leased',
    { linked: false, use: 'gone' },
    { act: 'release', problem: 'its container has gone' },
  ],
  [
    'one that never came as well',
    'leased',
    { use: 'never came' },
    { act: 'release', problem: 'its container never came' },
  ],
  ['a container that came is remembered', 'leased', { inside: [7], use: 'first seen' }, { act: 'remember' }],
  ['not before its lost link was told', 'leased', { inside: [7], use: 'first seen', linked: false }, { act: 'report' }],
  [
    'a graft in use keeps a lease that is mounted nowhere',
    'leased',
    { mounted: false, graftInUse: true, use: 'gone' },
    { act: 'keep' },
  ],
  [
    'a graft that is gone ends it',
    'leased',
    { graftInUse: false, inside: [7] },
    { act: 'release', problem: 'the grafted container is gone' },
  ],
  ['a lease of a removed pool is kept as an orphan', 'leased', { pool: 'removed', inside: [7] }, { act: 'orphan' }],
  ['before anything is told of it', 'leased', { pool: 'removed', linked: false }, { act: 'orphan' }],
  ['and destroyed once it is over', 'leased', { pool: 'removed', use: 'gone' }, { act: 'destroy' }],
];

for (const [title, state, seen, expected] of CASES)
  t.test(`${state}: ${title} (${JSON.stringify(seen)})`, async (t) => {
    const reason = state === 'dirty' ? 'released' : null;
    t.match(decide(record(state, reason), { ...WHOLE, ...seen }), expected);
  });

t.test('no observation has a leased endpoint with a process inside destroyed or replaced', async (t) => {
  const seen = { linked: [true, false], mounted: [true, false], pool: ['unchanged', 'changed', 'removed'] } as const;
  for (const linked of seen.linked)
    for (const mounted of seen.mounted)
      for (const pool of seen.pool)
        for (const attended of [true, false]) {
          const { act } = decide(record('leased'), { ...WHOLE, inside: [7], linked, mounted, pool, attended });
          t.ok(['keep', 'report', 'orphan'].includes(act), `${act} ${linked} ${mounted} ${pool} ${attended}`);
        }
});
