import type { Lease } from '../../../src/pool/index.js';
import { type Sizes, world } from './fakes.js';

/** A pool that verifies what is released, filled and sealed. */
export async function verifying(sizes: Sizes = {}) {
  const made = world({ pools: [{ recycle: 'verify', minReady: 1, ...sizes }] });
  await made.clock.advance(100);
  return made;
}

export const endpointOf = ({ netns }: Lease) => netns.path.split('/').at(-1) as string;

export async function acquire({ pools }: Awaited<ReturnType<typeof verifying>>, tenant = 'a'): Promise<Lease> {
  const [lease] = await pools.acquire({ tenant });
  return lease as Lease;
}
