import t from 'tap';
import { setUp } from './stage.js';

t.test('a request has at most 128 endpoints, and at most four are under way', async (t) => {
  const { clock, told, recycler, endpoints, add } = setUp();
  let answer = () => {};
  endpoints.holdChecks = new Promise((resolve) => {
    answer = resolve;
  });
  for (let seq = 0; seq < 600; seq += 1) add(seq);
  await clock.settle();
  t.equal(endpoints.checks.length, 4 * 128);
  t.equal(recycler.verifying, 600);
  answer();
  await clock.settle();
  t.equal(told.filter((line) => line.includes('clean')).length, 600);
  t.equal(told.filter((line) => line === 'settled').length, 5);
});

t.test('while processors are short, released endpoints gather for at most a second', async (t) => {
  let busy = true;
  const { clock, told, endpoints, add } = setUp({}, undefined, { isBusy: () => busy });
  add(1);
  await clock.advance(500);
  add(2);
  await clock.advance(499);
  t.same(endpoints.checks, []);
  await clock.advance(26);
  t.equal(endpoints.checks.length, 2, 'together');
  t.equal(told.at(-1), 'settled');
  busy = false;
  add(3);
  await clock.settle();
  t.equal(endpoints.checks.length, 3, 'at once when processors are free');
  t.equal(clock.pending, 0);
});

t.test('while clients wait, requests are small, so that the first endpoints are ready sooner', async (t) => {
  const { clock, told, recycler, add } = setUp();
  for (let seq = 1; seq <= 20; seq += 1) add(seq);
  await clock.settle();
  t.equal(told.filter((line) => line === 'settled').length, 1);
  recycler.verifyNow();
  for (let seq = 21; seq <= 40; seq += 1) add(seq);
  await clock.settle();
  t.equal(told.filter((line) => line === 'settled').length, 4);
});

t.test('deferred endpoints are verified as soon as a client waits, and for ten seconds none is deferred', async (t) => {
  const { clock, recycler, endpoints, add } = setUp({}, undefined, { isBusy: () => true });
  add(1);
  await clock.settle();
  t.same(endpoints.checks, []);
  recycler.verifyNow();
  await clock.settle();
  t.equal(endpoints.checks.length, 1);
  await clock.advance(9_999);
  add(2);
  await clock.settle();
  t.equal(endpoints.checks.length, 2);
  await clock.advance(1);
  add(3);
  await clock.settle();
  t.equal(endpoints.checks.length, 2, 'deferred again');
  recycler.close();
  t.equal(clock.pending, 0);
});

t.test('within 100 ms of an acquire no endpoint is deferred', async (t) => {
  const { clock, recycler, endpoints, add } = setUp({}, undefined, { isBusy: () => true });
  recycler.expectClients();
  await clock.advance(99);
  add(1);
  await clock.settle();
  t.equal(endpoints.checks.length, 1);
  await clock.advance(1);
  add(2);
  await clock.settle();
  t.equal(endpoints.checks.length, 1);
  recycler.close();
});
