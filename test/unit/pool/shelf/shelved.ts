import type { Lease } from '../../../../src/pool/index.js';
import { FakeShelf } from '../fake-shelf.js';
import { type Sizes, world } from '../fakes.js';

/** A pool with a shelf, filled and sealed. */
export async function shelved(sizes: Sizes = {}) {
  const shelf = new FakeShelf();
  const made = world({ pools: [{ recycle: 'verify', minReady: 2, max: 4, ...sizes }], shelf });
  await made.clock.advance(100);
  return { ...made, shelf };
}

export const endpointOf = ({ netns }: Lease) => netns.path.split('/').at(-1) as string;
