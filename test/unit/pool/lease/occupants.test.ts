import t from 'tap';
import { Occupants } from '../../../../src/pool/lease/occupants.js';
import { FakeClock } from '../fake-clock.js';
import { FakeEndpoints } from '../fakes.js';

/** Counts the walks over /proc; each waits until `answer`. */
class Walks extends FakeEndpoints {
  readonly asked: number[][] = [];
  readonly #waiting: ((error: Error | null) => void)[] = [];

  override users(inodes: readonly number[]): Promise<number[][]> {
    this.asked.push([...inodes]);
    return new Promise((resolve, reject) => {
      this.#waiting.push((error) => (error === null ? resolve(super.users(inodes)) : reject(error)));
    });
  }

  answer(error: Error | null = null): void {
    this.#waiting.shift()?.(error);
  }
}

function setUp() {
  const endpoints = new Walks();
  const clock = new FakeClock();
  return { endpoints, clock, occupants: new Occupants({ endpoints, clock }) };
}

t.test('questions of one turn share a walk, questions during it share the next', async (t) => {
  const { endpoints, clock, occupants } = setUp();
  endpoints.inside.set(1, [4711]).set(3, [12, 13]);
  const first = [occupants.of(1), occupants.of(2)];
  await clock.settle();
  const second = [occupants.of(3), occupants.of(1)];
  await clock.settle();
  t.same(endpoints.asked, [[1, 2]], 'one walk at a time');
  endpoints.answer();
  t.same(await Promise.all(first), [[4711], []]);
  await clock.settle();
  t.same(endpoints.asked, [
    [1, 2],
    [3, 1],
  ]);
  endpoints.answer();
  t.same(await Promise.all(second), [[12, 13], [4711]]);
  await clock.settle();
  t.equal(endpoints.asked.length, 2, 'no further walk');
});

t.test('a walk that fails rejects its own questions only', async (t) => {
  const { endpoints, clock, occupants } = setUp();
  const failing = [occupants.of(1), occupants.of(2)].map((asked) => t.rejects(asked, /no worker/));
  await clock.settle();
  const next = occupants.of(1);
  endpoints.answer(new Error('no worker'));
  await Promise.all(failing);
  await clock.settle();
  endpoints.answer();
  t.same(await next, []);
});
