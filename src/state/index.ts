/** The state directory: what a restart needs to know, on disk. */

// The directory itself.

export { assertPlaceSafe, unsafeAncestor } from './ancestors.js';
export { ATTACHMENTS, SET_ASIDE, SHELF, STATE_FILES, STATE_FOLDERS } from './layout.js';
export { lockPath, lockStateDirectory } from './lock.js';
export { type RecordWarning, removeForeignFiles } from './records/set-aside.js';
export { isStateDirectoryWhole, openStateDirectory, stateDirectoryProblem } from './state-directory.js';

// What is in it.

export { FileAddressCooldowns } from './address-cooldowns.js';
export { type Attachment, AttachmentFiles } from './attachment-files.js';
export { CooldownFile } from './cooldown-file.js';
export { type HostBefore, readHostBefore, writeHostBefore } from './host-file.js';
export { LeaseFiles } from './lease-files.js';
export { readPortPlans, writePortPlans } from './ports-file.js';
export { peekLeases } from './records/load.js';
export { FileRecords } from './records/records.js';
export { FileSequence } from './sequence.js';
export { readFormerMounts, readSite, realStateDir, siteOf, writeSite } from './site-file.js';

// Files that only netnsd may have written.

export { isTransient, readOwnFile, replaceOwnFile, throwIfTransient } from './own-file.js';
