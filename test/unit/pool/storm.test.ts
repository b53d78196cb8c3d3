import fc from 'fast-check';
import t from 'tap';
import type { Sizes } from './fakes.js';
import { Storm } from './storm.js';
import { type Happening, happening, pause, usual } from './storm-events.js';

const RUNS = 200;

async function survives(happenings: fc.Arbitrary<Happening>, sizes: Sizes = {}): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happenings, { minLength: 1, maxLength: 60, size: 'max' }),
      pause,
      async (several, failing) => {
        const storm = new Storm(sizes);
        for (const one of several) await storm.act(one);
        await storm.pause(failing);
        await storm.recover();
      },
    ),
    { numRuns: RUNS },
  );
}

t.test('in any sequence no endpoint is leased twice, max holds, disk and memory agree, and the pool recovers', () =>
  survives(fc.oneof(...usual)),
);

t.test('the same holds where endpoints are verified and reused by their tenant', () =>
  survives(fc.oneof(...usual), { recycle: 'verify' }),
);

t.test('even if the disk is full at times, no endpoint is leased twice, max holds, and the pool recovers', () =>
  survives(happening),
);
