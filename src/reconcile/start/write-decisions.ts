import type { NetnsdError } from '../../errors.js';
import type { EndpointRecord, Records } from '../../pool/types.js';

/**
 * Writes the records whose state a start has changed: one that was in `ready/` and is to be replaced moves to `dirty/`.
 * Otherwise its older file would outlive the endpoint, and be found at every start. Where a record cannot be written, `failed`
 * is called, the older one counts, and the next start decides the same.
 */
export function writeDecisions(options: {
  readonly records: Pick<Records, 'write'>;
  readonly found: readonly EndpointRecord[];
  readonly adopted: readonly EndpointRecord[];
  readonly failed: (record: EndpointRecord, error: NetnsdError) => void;
}): void {
  const { records, found, adopted, failed } = options;
  const stateOf = new Map(found.map(({ id, state }) => [id, state]));
  for (const record of adopted) {
    const before = stateOf.get(record.id);
    if (before === undefined || before === record.state) continue;
    try {
      records.write(record, before);
    } catch (error) {
      failed(record, error as NetnsdError);
    }
  }
}
