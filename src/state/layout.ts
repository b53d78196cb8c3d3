import { ENDPOINT_STATES } from './record.js';

/** What netnsd keeps in its state directory: every name that a room above this one uses there is on this list. */

/** Where files go that netnsd did not write. */
export const SET_ASIDE = 'set-aside';
/** One folder for each lease that has DNS files. */
export const LEASE_FILES = 'dns';
/** Offers of ready endpoints; see docs/shelf.md. */
export const SHELF = 'shelf';

/** What netnsd-cni did to namespaces of container runtimes; see docs/cni.md. */
export const ATTACHMENTS = 'attachments';

/** Folders that are made when the state directory is opened. */
export const RECORD_FOLDERS: readonly string[] = [...ENDPOINT_STATES, SET_ASIDE];
/** Folders that are made when they are first needed. */
export const OTHER_FOLDERS: readonly string[] = [LEASE_FILES, SHELF, ATTACHMENTS];
export const STATE_FOLDERS: readonly string[] = [...RECORD_FOLDERS, ...OTHER_FOLDERS];
export const STATE_FILES = ['lock', 'sequence', 'site.json', 'host.json', 'ports.json', 'cooldowns'] as const;
