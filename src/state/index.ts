/** The state directory: what a restart needs to know, on disk. */

// What is in it.
export { FileAddressCooldowns } from './address-cooldowns.js';
// The directory itself.
export { assertPlaceSafe, unsafeAncestor } from './ancestors.js';
export { CooldownFile } from './cooldown-file.js';
export { SET_ASIDE, SHELF, STATE_FILES, STATE_FOLDERS } from './layout.js';
export { LeaseFiles } from './lease-files.js';
export { lockPath, lockStateDirectory } from './lock.js';
// Files that only netnsd may have written.
export { isHardship, readOwnFile, refuseHardship, replaceOwnFile } from './own-file.js';
export { FileRecords } from './records.js';
export { FileSequence } from './sequence.js';
export { type RecordWarning, removeForeignFiles } from './set-aside.js';
export { readSite, siteOf, writeSite } from './site-file.js';
export { openStateDirectory, stateDirectoryProblem } from './state-directory.js';
