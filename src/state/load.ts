import fs from 'node:fs';
import { join } from 'node:path';
import { journalPath } from './lease-journal.js';
import { readOwnFile, refuseHardship } from './own-file.js';
import { ENDPOINT_STATES } from './record.js';
import { decodeRecord, fileName, isTemporaryName, type StoredRecord, temporaryName } from './record-file.js';
import { type RecordWarning, setAside } from './set-aside.js';

/** Far above any record; what is larger was not written by netnsd and is not read. */
const LARGEST_RECORD_BYTES = 1 << 20;
const LARGEST_JOURNAL_BYTES = 1 << 26;

type Warn = (warning: RecordWarning) => void;
interface Found extends StoredRecord {
  readonly path: string;
}

/** Reads every record under `directory`; see `FileRecords.load`. Older files that would not go are added to `stuck`. */
export function loadRecords(directory: string, { warn, stuck }: { warn: Warn; stuck: Set<string> }): StoredRecord[] {
  const newest = new Map<string, Found>();
  for (const state of ENDPOINT_STATES) {
    const folder = join(directory, state);
    for (const name of fs.readdirSync(folder)) {
      const path = join(folder, name);
      try {
        if (isTemporaryName(name)) {
          fs.unlinkSync(path);
          continue;
        }
        const found: Found = { ...decodeRecord(readOwnFile(path, LARGEST_RECORD_BYTES), { name, state }), path };
        keepNewer({ newest, found, stuck });
      } catch (error) {
        // What holds nothing that counts may stay.
        if (!isTemporaryName(name)) refuseHardship(error, path);
        const { message } = error as Error;
        warn({ path, problem: message, movedTo: setAside({ directory, folder: state, name }) });
      }
    }
  }
  for (const line of journalLines(directory, warn)) replay({ directory, newest, line, warn, stuck });
  fs.rmSync(journalPath(directory), { force: true });
  return [...newest.values()].sort((a, b) => a.record.seq - b.record.seq);
}

/** The lines of the journal that are whole; the last one may be half of a lease that was never answered. */
function journalLines(directory: string, warn: Warn): string[] {
  const path = journalPath(directory);
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return [];
  try {
    return readOwnFile(path, LARGEST_JOURNAL_BYTES).split('\n').slice(0, -1);
  } catch (error) {
    refuseHardship(error, path);
    warn({ path, problem: (error as Error).message, movedTo: null });
    return [];
  }
}

/** A lease whose file had not been written yet gets it now; where a file is newer, the line has had its day. */
function replay(options: {
  directory: string;
  newest: Map<string, Found>;
  line: string;
  warn: Warn;
  stuck: Set<string>;
}): void {
  const { directory, newest, line, warn, stuck } = options;
  try {
    const { id, state } = JSON.parse(line) as { id: unknown; state: unknown };
    if (state !== 'leased') throw new Error('a line of it is no lease');
    const name = fileName(String(id));
    const stored = decodeRecord(line, { name, state });
    const standing = newest.get(stored.record.id);
    if (standing !== undefined && standing.revision > stored.revision) return;
    const path = join(directory, state, name);
    const temporary = join(directory, state, temporaryName(stored.record.id));
    fs.writeFileSync(temporary, `${line}\n`, { mode: 0o600, flag: 'wx' });
    fs.renameSync(temporary, path);
    newest.set(stored.record.id, { ...stored, path });
    if (standing !== undefined && standing.path !== path) unlinkOlder(standing.path, stuck);
  } catch (error) {
    // The journal stays as it is: it is all that speaks for the lease.
    refuseHardship(error, journalPath(directory));
    warn({ path: journalPath(directory), problem: (error as Error).message, movedTo: null });
  }
}

/** Two files of one endpoint are a change of state cut short between its rename and its unlink. */
function keepNewer({ newest, found, stuck }: { newest: Map<string, Found>; found: Found; stuck: Set<string> }): void {
  const { id } = found.record;
  const other = newest.get(id);
  const [keep, drop] = other !== undefined && other.revision > found.revision ? [other, found] : [found, other];
  newest.set(id, keep);
  if (drop !== undefined) unlinkOlder(drop.path, stuck);
}

/** An older file counts for nothing beside the newer one; where it will not go now, it will with a later change. */
function unlinkOlder(path: string, stuck: Set<string>): void {
  try {
    fs.unlinkSync(path);
  } catch {
    stuck.add(path);
  }
}
