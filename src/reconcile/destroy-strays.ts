import type { EndpointName, Settled } from '../endpoint/types.js';

/** Attempts of one start; the next start finds what is left. */
const ATTEMPTS = 3;

/**
 * Destroys strays, and retries those that failed: what fails once is often a resource that is short for a moment. Returns
 * one outcome for each, in the order of `strays`.
 */
export async function destroyStrays(
  endpoints: { destroy(names: readonly EndpointName[]): Promise<Settled<void>[]> },
  strays: readonly EndpointName[],
): Promise<Settled<void>[]> {
  const outcomes: Settled<void>[] = [];
  let left = strays.map((name, position) => ({ name, position }));
  for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt += 1) {
    const settled = await endpoints.destroy(left.map(({ name }) => name));
    for (const [i, { position }] of left.entries()) outcomes[position] = settled[i] as Settled<void>;
    left = left.filter((_, i) => settled[i]?.ok === false);
  }
  return outcomes;
}
