import { hasCode } from '../../errors.js';
import type { EndpointRecord, Pools } from '../../pool/index.js';
import type { Decision } from '../decide.js';
import { type Finding, ofDecision } from '../findings.js';

export type ActingPools = Pick<Pools, 'replace' | 'endLease' | 'sawContainer' | 'occupants'>;

/**
 * Carries out a decision about a record while the daemon runs, if its endpoint is still exactly as the record says: acquires,
 * releases and builds go on meanwhile. Without `fix` it only tells. Null where there is nothing to tell.
 */
export async function act(
  record: EndpointRecord,
  decision: Decision,
  { pools, fix }: { pools: ActingPools; fix: boolean },
): Promise<Finding | null> {
  switch (decision.act) {
    case 'remember':
      remember(record, pools);
      return null;
    case 'report':
      return ofDecision(record, decision, 'found');
    case 'replace':
      if (!fix) return ofDecision(record, decision, 'found');
      return pools.replace(record, decision.problem) ? ofDecision(record, decision, 'done') : null;
    case 'release':
      if (!fix) return ofDecision(record, decision, 'found');
      if (await isInsideByNow(record, pools)) return null;
      return pools.endLease(record, { kind: 'abandoned', text: decision.problem })
        ? ofDecision(record, decision, 'done')
        : null;
    // `orphan` and `destroy` are decided at a start only: the pools that run do not change.
    default:
      return null;
  }
}

/** No repair, so it is done without `fix` too. What cannot be recorded now is seen again by the next survey. */
function remember(record: EndpointRecord, pools: ActingPools): void {
  try {
    pools.sawContainer(record);
  } catch (error) {
    if (!hasCode(error, 'state_write_failed')) throw error;
  }
}

/** A container may have started since the survey, which changes no record. */
async function isInsideByNow({ lease }: EndpointRecord, pools: ActingPools): Promise<boolean> {
  if (lease === null || lease.graft !== undefined) return false;
  const [pids] = await pools.occupants([lease.id]);
  return pids !== undefined && pids.length > 0;
}
