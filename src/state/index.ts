/** What a restart needs to know, on disk. */

export { unsafeAncestor } from './ancestors.js';
export { type AddressInCooldown, CooldownFile } from './cooldown-file.js';
export { LEASE_FILES, SET_ASIDE, SHELF, STATE_FILES, STATE_FOLDERS } from './layout.js';
export { LeaseFiles } from './lease-files.js';
export { isHardship, readOwnFile, replaceOwnFile } from './own-file.js';
export { FileRecords } from './records.js';
export { FileSequence } from './sequence.js';
export { type RecordWarning, removeForeignFiles } from './set-aside.js';
export { openStateDirectory, stateDirectoryProblem } from './state-directory.js';
