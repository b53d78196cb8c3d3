import t from 'tap';
import { LogThrottle } from '../../../src/shelf/log-throttle.js';

t.test('each kind of line is allowed once per interval', async (t) => {
  let nowMs = 0;
  const throttle = new LogThrottle({ intervalMs: 100, nowMs: () => nowMs });
  t.equal(throttle.allows('one'), true);
  t.equal(throttle.allows('one'), false);
  t.equal(throttle.allows('two'), true);
  nowMs = 99;
  t.equal(throttle.allows('one'), false);
  nowMs = 100;
  t.equal(throttle.allows('one'), true);
  t.equal(throttle.allows('one'), false);
});
