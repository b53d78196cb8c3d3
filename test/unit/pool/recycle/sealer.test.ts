import t from 'tap';
import type { BuiltEndpoint } from '../../../../src/pool/index.js';
import { Sealer } from '../../../../src/pool/recycle/sealer.js';
import { endpointOf, idsOf } from '../endpoints.js';
import { FakeClock } from '../fake-clock.js';
import { FakeEndpoints } from '../fakes.js';

/** Seals when it is told to. */
class Seals extends FakeEndpoints {
  readonly asked: string[][] = [];
  #answer: ((outcome: boolean | Error) => void) | undefined;

  override seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]> {
    this.asked.push(endpoints.map(({ name }) => name.id));
    return new Promise((resolve, reject) => {
      this.#answer = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(endpoints.map(() => outcome)));
    });
  }

  answer(outcome: boolean | Error): void {
    this.#answer?.(outcome);
  }
}

function setUp() {
  const endpoints = new Seals();
  const clock = new FakeClock();
  return { endpoints, clock, sealer: new Sealer({ endpoints, clock }) };
}

t.test('endpoints are sealed together, 50 ms after the first of them became ready', async (t) => {
  const { endpoints, clock, sealer } = setUp();
  const both = [endpointOf(1), endpointOf(2)];
  for (const endpoint of both) sealer.add(endpoint);
  await clock.advance(49);
  t.same(endpoints.asked, []);
  await clock.advance(1);
  t.same(endpoints.asked, [idsOf(both)]);
  t.same(
    both.map(({ sealed }) => sealed),
    [false, false],
    'not before it is surely so',
  );
  endpoints.answer(true);
  await clock.settle();
  t.same(
    both.map(({ sealed }) => sealed),
    [true, true],
  );
  t.equal(clock.pending, 0, 'nothing is left to do');
});

t.test(
  'an endpoint leased before its seal is not sealed, and one leased during the request does not count as sealed',
  async (t) => {
    const { endpoints, clock, sealer } = setUp();
    const [before, during, back, rest] = [endpointOf(1), endpointOf(2), endpointOf(3), endpointOf(4)];
    for (const endpoint of [before, during, back, rest]) sealer.add(endpoint);
    before.record = { ...before.record, state: 'leased' };
    await clock.advance(50);
    t.same(endpoints.asked, [idsOf([during, back, rest])]);
    during.record = { ...during.record, state: 'leased' };
    during.acquisitions += 1;
    // Leased and ready again since: a container may have been inside before the seal was set.
    back.acquisitions += 1;
    endpoints.answer(true);
    await clock.settle();
    t.same(
      [before, during, back, rest].map(({ sealed }) => sealed),
      [false, false, false, true],
    );
  },
);

t.test(
  'endpoints that become ready during a request wait for the next one, and a failure costs only the seals',
  async (t) => {
    const { endpoints, clock, sealer } = setUp();
    const [first, second, third] = [endpointOf(1), endpointOf(2), endpointOf(3)];
    sealer.add(first);
    await clock.advance(50);
    sealer.add(second);
    await clock.advance(1000);
    t.equal(endpoints.asked.length, 1, 'one request at a time');
    endpoints.answer(new Error('no worker'));
    await clock.advance(50);
    t.same(endpoints.asked.at(-1), ['default-2']);
    endpoints.answer(false);
    await clock.settle();
    t.same([first.sealed, second.sealed], [false, false]);
    sealer.add(third);
    await clock.advance(50);
    endpoints.answer(true);
    await clock.settle();
    t.equal(third.sealed, true);
  },
);

t.test(
  'a request has at most 32 endpoints, later ones 128, and none is made when no endpoint is ready any more',
  async (t) => {
    const { endpoints, clock, sealer } = setUp();
    for (let seq = 0; seq < 162; seq += 1) sealer.add(endpointOf(seq));
    await clock.advance(50);
    for (let request = 0; request < 2; request += 1) {
      endpoints.answer(true);
      await clock.advance(50);
    }
    t.same(
      endpoints.asked.map(({ length }) => length),
      [32, 128, 2],
    );
    endpoints.answer(true);
    await clock.settle();
    sealer.add(endpointOf(200, { state: 'destroying' }));
    await clock.advance(50);
    t.equal(endpoints.asked.length, 3);
  },
);

t.test('a closed sealer starts no request, and waits for the one under way', async (t) => {
  const { endpoints, clock, sealer } = setUp();
  sealer.add(endpointOf(1));
  await clock.advance(50);
  sealer.add(endpointOf(2));
  sealer.close();
  let idle = false;
  const done = sealer.idle().then(() => {
    idle = true;
  });
  await clock.settle();
  t.equal(idle, false);
  endpoints.answer(true);
  await done;
  sealer.add(endpointOf(3));
  await clock.advance(1000);
  t.same(endpoints.asked, [['default-1']]);
  const waiting = setUp();
  waiting.sealer.add(endpointOf(4));
  waiting.sealer.close();
  await waiting.clock.advance(1000);
  t.same(waiting.endpoints.asked, []);
  await waiting.sealer.idle();
});
