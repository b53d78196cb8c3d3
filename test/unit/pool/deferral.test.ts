import t from 'tap';
import { Deferral } from '../../../src/pool/deferral.js';
import { FakeClock } from './fake-clock.js';

function setUp({ busy = false } = {}) {
  const clock = new FakeClock();
  const state = { busy, runs: 0 };
  const deferral = new Deferral({ clock, isBusy: () => state.busy, longestMs: 1000, checkMs: 25 });
  const schedule = () =>
    deferral.schedule(() => {
      state.runs += 1;
    });
  return { clock, state, deferral, schedule };
}

t.test('work runs in the next turn when processors are free, once, however often it is scheduled', async (t) => {
  const { clock, state, deferral, schedule } = setUp();
  schedule();
  schedule();
  t.match([state.runs, deferral.isPending], [0, true], 'not in the turn itself');
  await clock.settle();
  t.match([state.runs, deferral.isPending], [1, false]);
  schedule();
  await clock.settle();
  t.equal(state.runs, 2);
  t.equal(clock.pending, 0);
});

t.test('on a busy machine work runs after its longest delay', async (t) => {
  const { clock, state, schedule } = setUp({ busy: true });
  schedule();
  await clock.advance(999);
  t.equal(state.runs, 0);
  await clock.advance(26);
  t.equal(state.runs, 1);
  schedule();
  await clock.advance(100);
  t.equal(state.runs, 1, 'the next work has a delay of its own');
});

t.test('deferred work runs when two checks in a row found processors free', async (t) => {
  const { clock, state, schedule } = setUp({ busy: true });
  schedule();
  await clock.advance(100);
  state.busy = false;
  await clock.advance(25);
  t.equal(state.runs, 0, 'one check may fall into a pause between two starts');
  state.busy = true;
  await clock.advance(25);
  state.busy = false;
  await clock.advance(25);
  t.equal(state.runs, 0);
  await clock.advance(25);
  t.equal(state.runs, 1);
});

t.test('work runs at once when a client waits for it', async (t) => {
  const { clock, state, deferral, schedule } = setUp({ busy: true });
  schedule();
  await clock.settle();
  deferral.runNow(500);
  await clock.settle();
  t.equal(state.runs, 1);
  await clock.advance(499);
  schedule();
  await clock.settle();
  t.equal(state.runs, 2, 'nothing is deferred for the given time');
  await clock.advance(1);
  schedule();
  await clock.settle();
  t.equal(state.runs, 2);
});

t.test('where clients are expected, deferred work runs with its next check', async (t) => {
  const { clock, state, deferral, schedule } = setUp({ busy: true });
  schedule();
  await clock.settle();
  deferral.expectClients(100);
  await clock.settle();
  t.equal(state.runs, 0);
  await clock.advance(25);
  t.equal(state.runs, 1);
});

t.test('cancelled work does not run, and leaves no timer', async (t) => {
  const { clock, state, deferral, schedule } = setUp({ busy: true });
  schedule();
  await clock.advance(50);
  deferral.cancel();
  t.equal(clock.pending, 0);
  await clock.advance(5000);
  t.equal(state.runs, 0);
});
