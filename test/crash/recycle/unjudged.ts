import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENDPOINT_STATES } from '../../../src/pool/types.js';

/**
 * The ids of the endpoints that a daemon had not finished with when it died: by their newest records neither ready nor
 * leased.
 */
export function unjudged(stateDir: string): string[] {
  const newest = new Map<string, { state: string; revision: number }>();
  for (const state of ENDPOINT_STATES) {
    for (const name of readdirSync(join(stateDir, state)).filter((file) => /^[^.].*\.json$/.test(file))) {
      const { id, revision } = JSON.parse(readFileSync(join(stateDir, state, name), 'utf8')) as {
        id: string;
        revision: number;
      };
      if ((newest.get(id)?.revision ?? -1) < revision) newest.set(id, { state, revision });
    }
  }
  return [...newest].flatMap(([id, { state }]) => (state === 'ready' || state === 'leased' ? [] : [id]));
}
