import fc from 'fast-check';
import t from 'tap';
import type { Endpoint } from '../../../../../src/pool/endpoint.js';
import { ReadyQueue } from '../../../../../src/pool/stock/ready/ready-queue.js';
import { endpointOf } from '../../endpoints.js';

function queueOf(...tenants: (string | null)[]): { queue: ReadyQueue; endpoints: Endpoint[] } {
  const queue = new ReadyQueue();
  const endpoints = tenants.map((tenant, seq) => endpointOf(seq, { tenant }));
  for (const endpoint of endpoints) queue.push(endpoint);
  return { queue, endpoints };
}

const seqOf = (endpoint: Endpoint | undefined) => endpoint?.key.seq;

t.test('a tenant gets the endpoints it used, oldest first, then unused ones', async (t) => {
  const { queue } = queueOf(null, 'a', 'b', 'a', null);
  t.equal(queue.sizeFor('a'), 4);
  t.equal(queue.sizeFor('new'), 2);
  t.same(
    [1, 2, 3, 4, 5].map(() => seqOf(queue.take('a'))),
    [1, 3, 0, 4, undefined],
    "and never what is another tenant's",
  );
  t.same([queue.size, queue.unused, queue.sizeFor('b')], [1, 0, 1]);
});

t.test('an endpoint that was put back is the oldest again', async (t) => {
  const { queue, endpoints } = queueOf('a', 'a', null, null);
  queue.unshift(queue.take('a') as Endpoint);
  t.equal(seqOf(queue.take('a')), 0);
  queue.unshift(queue.take('b') as Endpoint);
  t.equal(seqOf(queue.take('b')), 2);
  t.equal(queue.remove(endpoints[2] as Endpoint), false);
  t.equal(queue.remove(endpoints[3] as Endpoint), true);
  t.equal(queue.remove(endpoints[3] as Endpoint), false, 'it is not ready any more');
  t.equal(queue.remove(endpoints[1] as Endpoint), true);
  t.equal(queue.remove(endpoints[1] as Endpoint), false, 'none of its tenant is');
  t.equal(queue.size, 0);
});

t.test(
  'surplus is taken from used endpoints while one tenant uses the pool, otherwise from those for any tenant',
  async (t) => {
    const one = queueOf(null, 'a');
    one.queue.take('a');
    t.equal(one.queue.mixed, false);
    one.queue.push(one.endpoints[1] as Endpoint);
    t.equal(seqOf(one.queue.takeSurplus()), 1);
    const several = queueOf(null, 'a');
    several.queue.unshift(several.queue.take('a') as Endpoint);
    several.queue.unshift(several.queue.take('b') as Endpoint);
    t.equal(several.queue.mixed, true);
    t.equal(seqOf(several.queue.takeSurplus()), 0);
    t.equal(seqOf(several.queue.takeSurplus()), 1);
    t.equal(several.queue.takeSurplus(), undefined);
  },
);

t.test('the endpoint that is needed least is a used one; for a tenant, one that only others may have', async (t) => {
  const { queue } = queueOf(null, 'a', 'b');
  t.equal(seqOf(queue.takeForeign('a')), 2);
  t.equal(queue.takeForeign('a'), undefined, 'unused endpoints are foreign to no tenant');
  t.equal(seqOf(queue.takeSpare()), 1);
  t.equal(seqOf(queue.takeSpare()), 0);
  t.equal(queue.takeSpare(), undefined);
});

const act = fc.record({
  what: fc.constantFrom('push', 'push', 'take', 'unshift', 'remove', 'takeSurplus', 'takeSpare', 'takeForeign'),
  tenant: fc.constantFrom('a', 'b', 'c'),
  used: fc.boolean(),
  n: fc.nat(100),
});

t.test('in any sequence the numbers are right and no tenant gets an endpoint that another one used', async () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const queue = new ReadyQueue();
      const there: Endpoint[] = [];
      const asked = new Set<string>();
      let seq = 0;
      const gone = (endpoint: Endpoint | undefined): Endpoint | undefined => {
        if (endpoint !== undefined && there.splice(there.indexOf(endpoint), 1)[0] !== endpoint)
          throw new Error('it was not there');
        return endpoint;
      };
      for (const { what, tenant, used, n } of acts) {
        const mine = there.filter(({ record }) => record.tenant === null || record.tenant === tenant);
        if (what === 'push') {
          const endpoint = endpointOf(seq++, { tenant: used ? tenant : null });
          queue.push(endpoint);
          there.push(endpoint);
        } else if (what === 'take' || what === 'unshift') {
          asked.add(tenant);
          const endpoint = queue.take(tenant);
          if ((endpoint === undefined) !== (mine.length === 0) || (endpoint && !mine.includes(endpoint))) return false;
          if (endpoint && what === 'unshift') queue.unshift(endpoint);
          else gone(endpoint);
        } else if (what === 'remove') {
          const endpoint = there[n % Math.max(1, there.length)];
          if (endpoint && (!queue.remove(gone(endpoint) as Endpoint) || queue.remove(endpoint))) return false;
        } else if (what === 'takeForeign') {
          const endpoint = gone(queue.takeForeign(tenant));
          if (endpoint ? mine.includes(endpoint) : mine.length < there.length) return false;
        } else if (gone(queue[what as 'takeSpare']()) === undefined && there.length > 0) return false;
        const unused = there.filter(({ record }) => record.tenant === null).length;
        const sizes = [queue.size, queue.unused, queue.sizeFor('a')];
        const own = there.filter(({ record }) => record.tenant === 'a').length;
        if (sizes.join() !== [there.length, unused, unused + own].join()) return false;
        if (queue.mixed !== asked.size > 1) return false;
      }
      return true;
    }),
  );
});
