import fs from 'node:fs';
import { join } from 'node:path';
import { readOwnFile, throwIfTransient } from '../own-file.js';
import { ENDPOINT_STATES, type EndpointRecord } from '../record.js';
import { decodeRecord, isTemporaryName, type StoredRecord } from './record-file.js';
import { type RecordWarning, setAside } from './set-aside.js';

/** Far above any record; what is larger was not written by netnsd and is not read. */
const LARGEST_RECORD_BYTES = 1 << 20;

type Warn = (warning: RecordWarning) => void;
interface Found extends StoredRecord {
  readonly path: string;
}

/** Reads every record under `directory`; see `FileRecords.load`. Older files that cannot be removed are added to `stuck`. */
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
        // A temporary file holds nothing that counts and may stay.
        if (!isTemporaryName(name)) throwIfTransient(error, path);
        const { message } = error as Error;
        warn({ path, problem: message, movedTo: setAside({ directory, folder: state, name }) });
      }
    }
  }
  return [...newest.values()].sort((a, b) => a.record.seq - b.record.seq);
}

/** The records of leases, read beside a daemon or before a start: changes nothing, and leaves out what is no record. */
export function peekLeases(directory: string): EndpointRecord[] {
  const state = 'leased';
  return entriesOf(join(directory, state)).flatMap((name) => {
    try {
      const text = readOwnFile(join(directory, state, name), LARGEST_RECORD_BYTES);
      return [decodeRecord(text, { name, state }).record];
    } catch {
      return [];
    }
  });
}

function entriesOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

/** Two files of one endpoint are left by a crash between the rename and the unlink of a change of state. */
function keepNewer({ newest, found, stuck }: { newest: Map<string, Found>; found: Found; stuck: Set<string> }): void {
  const { id } = found.record;
  const other = newest.get(id);
  const [keep, drop] = other !== undefined && other.revision > found.revision ? [other, found] : [found, other];
  newest.set(id, keep);
  if (drop !== undefined) unlinkOlder(drop.path, stuck);
}

/** An older file counts for nothing beside the newer one; if it cannot be removed now, a later change removes it. */
function unlinkOlder(path: string, stuck: Set<string>): void {
  try {
    fs.unlinkSync(path);
  } catch {
    stuck.add(path);
  }
}
