import t from 'tap';
import { Seldom } from '../../../src/shelf/log-throttle.js';

t.test('each thing is said once, and again after a while', async (t) => {
  let nowMs = 5;
  const seldom = new Seldom({ everyMs: 100, nowMs: () => nowMs });
  t.equal(seldom.may('one'), true);
  t.equal(seldom.may('one'), false);
  t.equal(seldom.may('two'), true);
  nowMs = 104;
  t.equal(seldom.may('one'), false);
  nowMs = 105;
  t.equal(seldom.may('one'), true);
  t.equal(seldom.may('one'), false);
});
