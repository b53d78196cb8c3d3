import fs from 'node:fs';
import { join } from 'node:path';
import type { EndpointRecord, EndpointState } from '../../../src/pool/types.js';
import { FileRecords, openStateDirectory, type RecordWarning } from '../../../src/state/index.js';
import { factsOf } from '../pool/fakes.js';

export function recordOf(state: EndpointState, seq = 1): EndpointRecord {
  const key = { id: `default-${seq}`, pool: 'default', index: 0, seq };
  const terms = {
    id: '00112233aabbccdd',
    containerId: 'c\n"1"',
    tenant: 'a',
    trust: 'unknown' as const,
    source: 'warm' as const,
    acquiredAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
  };
  return {
    ...key,
    state,
    facts: state === 'building' ? null : factsOf(key),
    lease: state === 'leased' ? terms : null,
    tenant: null,
    reason: state === 'dirty' ? 'released' : null,
  };
}

export function opened(t: { testdir(): string }) {
  const directory = openStateDirectory(join(t.testdir(), 'state'));
  const warnings: RecordWarning[] = [];
  const load = () => new FileRecords(directory).load((warning) => warnings.push(warning));
  const files = () =>
    fs
      .readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
      .sort();
  return { directory, warnings, load, files };
}
