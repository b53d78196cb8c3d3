import type { Graft } from '../../pool/types.js';

/**
 * Whether a container still has the interface that was grafted into its namespace: while a process is in that namespace
 * and the veth pair exists. The kernel destroys the pair with the namespace and soon reuses the inode number, so
 * without the pair only the container's own first process counts. Pure.
 */
export function isGraftInUse(options: {
  graft: Graft;
  /** Whether the host's end of the pair exists. */
  linked: boolean;
  /** Process ids by namespace inode. */
  users: ReadonlyMap<number, readonly number[]>;
}): boolean {
  const { graft, linked, users } = options;
  const inside = users.get(graft.inode) ?? [];
  return linked ? inside.length > 0 : inside.includes(graft.pid);
}
