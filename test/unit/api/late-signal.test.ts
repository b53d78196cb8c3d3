import t from 'tap';
import { LateSignal } from '../../../src/api/late-signal.js';

t.test('who listened before hears the abort, once', async (t) => {
  const signal = new LateSignal();
  let heard = 0;
  const listener = () => {
    heard += 1;
  };
  signal.addEventListener('abort', listener, { once: true });
  t.equal(signal.aborted, false);
  signal.abort();
  signal.abort();
  t.equal(heard, 1);
  t.equal(signal.aborted, true);
  t.match(signal.reason, { name: 'AbortError' });
});

t.test('who stopped listening hears nothing', async (t) => {
  const signal = new LateSignal();
  const listener = () => t.fail('was told');
  signal.removeEventListener('abort', listener);
  signal.addEventListener('abort', listener);
  signal.removeEventListener('abort', listener);
  signal.onabort = () => t.pass('the other is told');
  t.plan(1);
  signal.abort();
});

t.test('the real signal follows, made before the abort or after it', async (t) => {
  for (const early of [true, false]) {
    const signal = new LateSignal();
    if (early) t.equal(signal.real().aborted, false);
    signal.throwIfAborted();
    signal.abort();
    t.equal(signal.real().aborted, true);
    t.equal(signal.real(), signal.real());
    t.throws(() => signal.throwIfAborted(), { name: 'AbortError' });
    t.ok(AbortSignal.any([signal.real()]).aborted);
  }
});
