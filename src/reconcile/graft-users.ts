import type { Graft } from '../pool/types.js';

/**
 * Whether a container still has the interface that was grafted into its namespace: while somebody stands in that
 * namespace and the veth pair lives. A namespace takes its half of the pair along when it goes, and numbers of
 * namespaces are given again soon, so without the pair only the container's own first process still counts. Pure.
 */
export function isGraftInUse(options: {
  graft: Graft;
  /** Whether the host's end of the pair is there. */
  linked: boolean;
  /** Process ids by namespace inode. */
  users: ReadonlyMap<number, readonly number[]>;
}): boolean {
  const { graft, linked, users } = options;
  const inside = users.get(graft.inode) ?? [];
  return linked ? inside.length > 0 : inside.includes(graft.pid);
}
