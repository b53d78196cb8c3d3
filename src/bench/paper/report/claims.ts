import { type Claim, claim } from '../../report/claim.js';
import type { Results } from '../journal.js';
import { levelOf, nearestLevel, taxOf } from './summary.js';

const POOLED = 'netnsd-runc';
const BOUND = 'runc-host';
const AGAINST = ['docker-bridge', 'cni-bridge-masq'] as const;

/** The paper's claims that were measured, held against netnsd. Pure. */
export function paperClaims(results: Results): Claim[] {
  const most = nearestLevel(results, 100);
  const title = (name: string) => results.head.parts.find((part) => part.name === name)?.title ?? name;
  const partOf = (name: string) => results.head.parts.find((part) => part.name === name);
  const claims: Claim[] = [];
  const [pooled, bound] = [POOLED, BOUND].map((name) => levelOf(results, name, most)?.total);
  if (pooled && bound)
    claims.push(
      claim({
        name: `flat in concurrency: the last of ${most} starts at once, over the same without network`,
        measured: pooled.median / bound.median,
        unit: 'times runc with host networking',
        comparison: 'at most',
        target: 1.1,
      }),
    );
  const own = partOf(POOLED);
  const tax = own === undefined ? undefined : taxOf(results, own, most);
  for (const name of AGAINST) {
    const other = partOf(name);
    const others = other === undefined ? undefined : taxOf(results, other, most);
    if (tax === undefined || others === undefined || others.eachMs <= 0) continue;
    claims.push(
      claim({
        name: `network time at ${most} at once against ${title(name)}`,
        measured: 100 * (1 - Math.max(0, tax.eachMs) / others.eachMs),
        unit: '% less',
        comparison: 'at least',
        target: 80,
      }),
    );
  }
  const memory = results.idle.find(({ what }) => what === 'netnsd');
  if (memory?.daemonMb != null)
    claims.push(
      claim({
        name: `memory that is not the kernel's for ${memory.count} more pooled endpoints`,
        measured: memory.daemonMb,
        unit: 'MB',
        comparison: 'at most',
        target: (4 * memory.count) / 50,
      }),
    );
  return claims;
}
