export { LEASE_FILES, LeaseFiles } from './lease-files.js';
/** What a restart needs to know, on disk. */
export type { RecordWarning } from './load.js';
export { FileRecords } from './records.js';
export { FileSequence } from './sequence.js';
export { openStateDirectory } from './state-directory.js';
