import type { EndpointState } from '../../types.js';

/**
 * The state machine of an endpoint: which state may follow which. `gone` is the way out: record removed, index freed.
 *
 *     building ──► ready ──► leased ──► dirty ──► destroying ──► gone
 *         │         ▲ ▲        ▲ │        │          │  ▲
 *         │         │ └────────┼─┘        │          ▼  │
 *         │         │   never handed out  │         broken
 *         └─────────┼──────────┘          │
 *      a cold lease └─────────────────────┘
 *                    pristine, by seal or proof
 */
export const NEXT_STATES: Readonly<Record<EndpointState, readonly (EndpointState | 'gone')[]>> = {
  /** `gone`: the build failed and was undone; `destroying`: it may have left parts. */
  building: ['ready', 'leased', 'gone', 'destroying'],
  ready: ['leased', 'destroying'],
  /** `ready`: the client disconnected before the response, so no container ever saw the endpoint. */
  leased: ['dirty', 'ready'],
  dirty: ['destroying', 'ready'],
  broken: ['destroying'],
  destroying: ['gone', 'broken'],
};
