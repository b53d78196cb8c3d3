import t from 'tap';
import { NetnsdError } from '../../../../src/errors.js';
import type { Verdict, VerifyRequest } from '../../../../src/pool/index.js';
import { FakeEndpoints } from '../fakes.js';
import { setUp } from './stage.js';

t.test('endpoints released in one turn are verified in one request, each in its way', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  endpoints.traces.set('default-3', { kind: 'links', text: 'MTU changed' });
  add(1, { trust: 'unprivileged', sealed: true });
  add(2, { sealed: true });
  add(3);
  add(4, { trust: 'privileged' });
  t.equal(recycler.verifying, 3, 'the privileged one will not become ready');
  await clock.settle();
  t.same(endpoints.checks, [
    { id: 'default-1', way: 'seal', sealed: true },
    { id: 'default-2', way: 'proof', sealed: true },
    { id: 'default-3', way: 'proof', sealed: false },
  ]);
  t.same(told.toSorted(), [
    'default-1 clean by seal, sealed',
    'default-2 clean by proof, sealed',
    'default-3 replaced: links: MTU changed',
    'default-4 replaced: privileged: its container was privileged',
    'lost',
    'settled',
  ]);
  t.equal(recycler.verifying, 0);
});

t.test('endpoints are replaced when their verification fails as a whole or has no verdict on them', async (t) => {
  const failing = new (class extends FakeEndpoints {
    override verify(): Promise<Verdict[]> {
      return Promise.reject(new NetnsdError('worker_failed', 'the kernel thread has ended'));
    }
  })();
  const one = setUp({}, failing);
  one.add(1);
  one.add(2);
  await one.clock.settle();
  t.same(one.told, [
    'default-1 replaced: error: the kernel thread has ended',
    'default-2 replaced: error: the kernel thread has ended',
    'lost',
  ]);
  const silent = new (class extends FakeEndpoints {
    override async verify(asked: readonly VerifyRequest[]): Promise<Verdict[]> {
      return (await super.verify(asked)).slice(1);
    }
  })();
  const other = setUp({}, silent);
  other.add(1);
  await other.clock.settle();
  t.same(other.told, ['default-1 replaced: error: it was not verified', 'lost']);
  t.equal(other.recycler.verifying, 0);
});

t.test('an endpoint with a process inside is kept until the process has ended, and then replaced', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  const inodes = [add(1), add(2, { trust: 'privileged' }), add(3)];
  endpoints.inside.set(inodes[0] as number, [4711]).set(inodes[1] as number, [4712]);
  await clock.settle();
  t.same(told.toSorted(), ['default-3 clean by proof, sealed', 'lost', 'settled'], 'by its verdict, or by its users');
  t.equal(recycler.verifying, 0, 'occupied endpoints do not count');
  await clock.advance(10_000);
  const replaced = () => told.filter((line) => line.includes('replaced'));
  t.same(replaced(), [], 'however long it takes');
  endpoints.inside.delete(inodes[1] as number);
  await clock.advance(1000);
  t.same(replaced(), ['default-2 replaced: process inside: it was released while a process was inside']);
  endpoints.inside.clear();
  await clock.advance(1000);
  t.equal(replaced().at(-1), 'default-1 replaced: process inside: it was released while a process was inside');
  t.equal(clock.pending, 0, 'no further check is scheduled');
});

t.test(
  'an endpoint that is replaced without a check and known to be empty is not searched for processes',
  async (t) => {
    const { clock, told, endpoints, add } = setUp({ recycle: 'replace' });
    const inode = add(1, {}, { empty: true });
    endpoints.inside.set(inode, [4711]);
    await clock.settle();
    t.same(told, ['default-1 replaced: policy: its pool replaces every endpoint', 'settled']);
  },
);

t.test('an endpoint counts as occupied when its processes cannot be found out', async (t) => {
  const blind = new (class extends FakeEndpoints {
    blind = true;
    override users(inodes: readonly number[]): Promise<number[][]> {
      return this.blind ? Promise.reject(new Error('EMFILE')) : super.users(inodes);
    }
  })();
  const { clock, told, add } = setUp({ recycle: 'replace' }, blind);
  add(1);
  await clock.advance(5000);
  t.same(new Set(told), new Set(['settled']));
  blind.blind = false;
  await clock.advance(1000);
  t.equal(told.at(-2), 'default-1 replaced: process inside: it was released while a process was inside');
});

t.test('a pool that reuses without a check only waits until endpoints are empty', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp({ recycle: 'reuse' });
  endpoints.traces.set('default-1', { kind: 'links', text: 'MTU changed' });
  add(1, { trust: 'privileged' });
  const occupied = add(2);
  endpoints.inside.set(occupied, [4711]);
  t.equal(recycler.verifying, 2);
  await clock.settle();
  t.same(told, ['default-1 clean by reuse', 'lost']);
  t.same(endpoints.checks, []);
  t.equal(recycler.verifying, 0);
});

t.test('a closed recycler starts no request, and has the endpoints that were not recycled', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  const occupied = add(1);
  endpoints.inside.set(occupied, [4711]);
  await clock.settle();
  let answer = () => {};
  endpoints.holdChecks = new Promise((resolve) => {
    answer = resolve;
  });
  add(2);
  endpoints.inside.set(add(3), [4713]);
  await clock.settle();
  add(4);
  recycler.close();
  endpoints.inside.delete(occupied);
  await clock.advance(10_000);
  t.same(told, ['lost'], 'nothing is checked again');
  answer();
  await recycler.idle();
  t.same(told, ['lost', 'default-2 clean by proof, sealed', 'lost'], 'the request under way has ended');
  t.same(
    recycler.remove().map(({ key }) => key.id),
    ['default-4', 'default-1', 'default-3'],
  );
});
