import { ENDPOINT_STATES } from './record.js';

/** Where files go that netnsd did not write. */
export const SET_ASIDE = 'set-aside';
/** Holds one folder a lease, with the files that its container sees as /etc/resolv.conf and /etc/hosts. */
export const LEASE_FILES = 'dns';
/** Ready endpoints lie here for containers to take; see docs/shelf.md. */
export const SHELF = 'shelf';

/** The folders of a state directory: one for each state of an endpoint, and those above. Namespaces are mounted elsewhere. */
export const STATE_FOLDERS = [...ENDPOINT_STATES, SET_ASIDE, LEASE_FILES, SHELF] as const;
/** The files of a state directory beside its folders. */
export const STATE_FILES = ['lock', 'sequence', 'site.json', 'journal', 'resting'] as const;
