import t from 'tap';
import { newLeaseId } from '../../../../src/pool/lease/lease-id.js';

t.test('lease ids are 16 hexadecimal characters and do not repeat', async (t) => {
  const ids = new Set(Array.from({ length: 2000 }, newLeaseId));
  t.equal(ids.size, 2000);
  for (const id of ids) if (!/^[0-9a-f]{16}$/.test(id)) t.fail(id);
});
