import t from 'tap';
import type { ApiLease, ApiPoolEvent, ApiPoolStatus } from '../../../../src/api/schemas/index.js';
import type { PoolEvent } from '../../../../src/pool/service.js';
import type { Lease, PoolStatus } from '../../../../src/pool/types.js';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

t.test("the API's shapes are the pool's, both ways", async (t) => {
  // The compiler is the one who checks: a difference in either direction makes these assignments errors.
  const lease: Same<ApiLease, Lease> = true;
  const keys: Same<keyof ApiLease, keyof Lease> = true;
  const status: Same<ApiPoolStatus, PoolStatus> = true;
  const event: Same<ApiPoolEvent, PoolEvent> = true;
  t.ok(lease && keys && status && event);
});
