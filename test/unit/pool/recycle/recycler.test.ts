import t from 'tap';
import { NetnsdError } from '../../../../src/errors.js';
import type { Verdict, VerifyRequest } from '../../../../src/pool/index.js';
import type { Past } from '../../../../src/pool/recycle/recycle.js';
import { Recycler } from '../../../../src/pool/recycle/recycler.js';
import { endpointOf } from '../endpoints.js';
import { FakeClock } from '../fake-clock.js';
import { FakeEndpoints, type Sizes, settingsOf } from '../fakes.js';

const UNSEALED: Past = { trust: 'unknown', grafted: false, sealed: false };

function setUp(
  settings: Sizes = {},
  endpoints = new FakeEndpoints(),
  { isBusy = () => false, isWanted = () => false }: { isBusy?: () => boolean; isWanted?: () => boolean } = {},
) {
  const clock = new FakeClock();
  const told: string[] = [];
  const recycler = new Recycler({
    settings: settingsOf({ recycle: 'verify', ...settings }),
    endpoints,
    clock,
    isBusy,
    hooks: {
      clean: ({ key }, way, sealed) => told.push(`${key.id} clean by ${way}${sealed ? ', sealed' : ''}`),
      replace: ({ key }, { kind, text }) => told.push(`${key.id} replaced: ${kind}: ${text}`),
      isWanted,
      settled: () => told.push('settled'),
    },
  });
  const add = (seq: number, past: Partial<Past> = {}, { empty = false } = {}) => {
    const endpoint = endpointOf(seq, { state: 'dirty', tenant: 'a' });
    const netnsInode = endpoint.record.facts?.netns.inode as number;
    recycler.add({ endpoint, past: { ...UNSEALED, ...past }, netnsInode, empty });
    return netnsInode;
  };
  return { clock, told, recycler, endpoints, add };
}

t.test('one request looks at all that were released in one turn, each in its way', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  endpoints.traces.set('default-3', { kind: 'links', text: 'MTU changed' });
  add(1, { trust: 'unprivileged', sealed: true });
  add(2, { sealed: true });
  add(3);
  add(4, { trust: 'privileged' });
  t.equal(recycler.hopeful, 3, 'the privileged one is not to be hoped for');
  await clock.settle();
  t.same(endpoints.looks, [
    { id: 'default-1', way: 'seal', sealed: true },
    { id: 'default-2', way: 'proof', sealed: true },
    { id: 'default-3', way: 'proof', sealed: false },
  ]);
  t.same(told.toSorted(), [
    'default-1 clean by seal, sealed',
    'default-2 clean by proof, sealed',
    'default-3 replaced: links: MTU changed',
    'default-4 replaced: privileged: its container was privileged',
    'settled',
  ]);
  t.equal(told.at(-1), 'settled');
  t.equal(recycler.hopeful, 0);
});

t.test('a look that fails as a whole, or says nothing of one, is a verdict against all it was about', async (t) => {
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
    'settled',
  ]);
  const silent = new (class extends FakeEndpoints {
    override async verify(asked: readonly VerifyRequest[]): Promise<Verdict[]> {
      return (await super.verify(asked)).slice(1);
    }
  })();
  const other = setUp({}, silent);
  other.add(1);
  await other.clock.settle();
  t.same(other.told, ['default-1 replaced: error: nobody looked', 'settled']);
  t.equal(other.recycler.hopeful, 0);
});

t.test('an endpoint with a process inside is left alone until it is empty, and then replaced', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  const inodes = [add(1), add(2, { trust: 'privileged' }), add(3)];
  endpoints.inside.set(inodes[0] as number, [4711]).set(inodes[1] as number, [4712]);
  await clock.settle();
  t.same(told, ['default-3 clean by proof, sealed', 'settled'], 'looked at, or looked for users');
  t.equal(recycler.hopeful, 0, 'nobody hopes for what is occupied');
  await clock.advance(10_000);
  t.same(
    told.filter((line) => line.includes('replaced')),
    [],
    'however long it takes',
  );
  endpoints.inside.delete(inodes[1] as number);
  await clock.advance(1000);
  t.same(
    told.filter((line) => line.includes('replaced')),
    ['default-2 replaced: process inside: it was released while a process was inside'],
  );
  endpoints.inside.clear();
  await clock.advance(1000);
  t.equal(told.at(-2), 'default-1 replaced: process inside: it was released while a process was inside');
  t.equal(told.at(-1), 'settled');
  t.equal(clock.pending, 0, 'nobody looks any more');
});

t.test('who is inside of what is replaced anyway is only asked where that is not known', async (t) => {
  const { clock, told, endpoints, add } = setUp({ recycle: 'replace' });
  const occupied = add(1, {}, { empty: true });
  endpoints.inside.set(occupied, [4711]);
  await clock.settle();
  t.same(told, ['default-1 replaced: policy: its pool replaces every endpoint', 'settled'], 'it was seen to be empty');
});

t.test('where it cannot be found out who is inside, it counts as occupied', async (t) => {
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

t.test('a pool that reuses looks only whether anybody is inside', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp({ recycle: 'reuse' });
  endpoints.traces.set('default-1', { kind: 'links', text: 'MTU changed' });
  add(1, { trust: 'privileged' });
  const occupied = add(2);
  endpoints.inside.set(occupied, [4711]);
  t.equal(recycler.hopeful, 2);
  await clock.settle();
  t.same(told, ['default-1 clean by reuse', 'settled']);
  t.same(endpoints.looks, []);
  t.equal(recycler.hopeful, 0);
});

t.test('requests are of 128 at the most, and four at once', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  let letGo = () => {};
  endpoints.holdLooks = new Promise((resolve) => {
    letGo = resolve;
  });
  for (let seq = 0; seq < 600; seq += 1) add(seq);
  await clock.settle();
  t.equal(endpoints.looks.length, 4 * 128);
  t.equal(recycler.hopeful, 600);
  letGo();
  await clock.settle();
  t.equal(told.filter((line) => line.includes('clean')).length, 600);
  t.equal(told.filter((line) => line === 'settled').length, 5);
});

t.test('closed, it starts nothing; what was not judged is there to be taken', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  const occupied = add(1);
  endpoints.inside.set(occupied, [4711]);
  await clock.settle();
  let letGo = () => {};
  endpoints.holdLooks = new Promise((resolve) => {
    letGo = resolve;
  });
  add(2);
  endpoints.inside.set(add(3), [4713]);
  await clock.settle();
  add(4);
  recycler.close();
  endpoints.inside.delete(occupied);
  await clock.advance(10_000);
  t.same(told, ['settled'], 'nobody looks again');
  letGo();
  await recycler.idle();
  t.same(told, ['settled', 'default-2 clean by proof, sealed', 'settled'], 'what was under way has ended');
  t.same(
    recycler.remove().map(({ key }) => key.id),
    ['default-4', 'default-1', 'default-3'],
  );
});

t.test('while the processors are short, what nobody waits for gathers, for a second at most', async (t) => {
  let busy = true;
  const { clock, told, endpoints, add } = setUp({}, undefined, { isBusy: () => busy });
  add(1);
  await clock.settle();
  await clock.advance(500);
  add(2);
  t.same(endpoints.looks, []);
  await clock.advance(499);
  t.same(endpoints.looks, []);
  await clock.advance(26);
  t.equal(endpoints.looks.length, 2, 'together');
  t.equal(told.at(-1), 'settled');
  add(3);
  await clock.advance(100);
  t.equal(endpoints.looks.length, 2, 'a second of its own');
  busy = false;
  await clock.advance(25);
  t.equal(endpoints.looks.length, 2, 'one look that finds them free may be a pause between two starts');
  await clock.advance(25);
  t.equal(endpoints.looks.length, 3);
  add(4);
  await clock.settle();
  t.equal(endpoints.looks.length, 4, 'where nothing was put off, at once');
  t.equal(clock.pending, 0);
});

t.test('where somebody waits, looks are taken few at a time', async (t) => {
  const { clock, told, recycler, add } = setUp();
  for (let seq = 1; seq <= 20; seq += 1) add(seq);
  await clock.settle();
  t.equal(told.filter((line) => line === 'settled').length, 1);
  recycler.hurry();
  for (let seq = 21; seq <= 40; seq += 1) add(seq);
  await clock.settle();
  t.equal(told.filter((line) => line === 'settled').length, 4, 'the first of them are ready before the last');
});

t.test('what was put off is looked at as soon as somebody waits', async (t) => {
  let awaited = false;
  const { clock, recycler, endpoints, add } = setUp({}, undefined, { isBusy: () => true, isWanted: () => awaited });
  add(1);
  await clock.settle();
  t.same(endpoints.looks, []);
  awaited = true;
  recycler.hurry();
  await clock.settle();
  t.equal(endpoints.looks.length, 1);
  add(2);
  await clock.settle();
  t.equal(endpoints.looks.length, 2, 'and while they wait nothing is put off');
  awaited = false;
  add(3);
  await clock.settle();
  t.equal(endpoints.looks.length, 3, 'nor for some seconds after: endpoints are scarce');
  await clock.advance(10_000);
  add(4);
  await clock.settle();
  t.equal(endpoints.looks.length, 3, 'but not for ever');
  recycler.close();
  t.equal(clock.pending, 0);
});
