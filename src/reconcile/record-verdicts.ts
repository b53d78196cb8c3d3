import type { NetnsdError } from '../errors.js';
import type { EndpointRecord, Records } from '../pool/types.js';

/**
 * Writes down what a comparison made of the records that it changed: an endpoint that stood in `ready/` and is to be
 * replaced stands in `dirty/` from now on. Otherwise its older file would outlive it, and be found at every start.
 * `failed` hears of what cannot be written; the older record then stands, and the next start comes to the same verdict.
 */
export function recordVerdicts(options: {
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
