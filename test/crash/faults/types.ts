/** What may be done to a system call or a netlink request. */
export type Fault =
  | { readonly act: 'kill before' | 'kill after' | 'end thread' }
  | { readonly act: 'fail'; readonly errno: string }
  /** Done, and then reported as failed with this errno: an answer that was lost. */
  | { readonly act: 'lose'; readonly errno: string }
  | { readonly act: 'delay'; readonly delayMs: number };

/** Which pass of which point is hit: the `nth` one of the thread since the plan was laid, from 1; 0 is every one. */
export interface PlannedFault {
  readonly thread: 'main' | 'kernel';
  readonly point: string;
  readonly nth: number;
  readonly fault: Fault;
}

/** The file `plan.json` in the folder that NETNSD_FAULTS names; may be replaced by rename at any time. */
export interface Plan {
  /** Files under these paths are watched, besides those of /proc; the first is written `~` in names of points. */
  readonly paths: readonly string[];
  readonly hit: PlannedFault | null;
}
