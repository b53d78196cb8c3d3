import type { EndpointName, Settled } from '../endpoint/types.js';

/** How often a start tries to remove what belongs to nobody, before it leaves it to the next one. */
const ATTEMPTS = 3;

/** Removes strays; those that will not go are tried again, since what refuses once is often just short of something. */
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
