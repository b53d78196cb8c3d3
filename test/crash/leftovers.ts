import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lease } from '../../src/pool/types.js';
import type { CrashDaemon } from './daemon.js';

/**
 * Puts into the state directory of a killed daemon, three of whose endpoints are ready, what one that died at a bad moment
 * may leave, and what others may put there. Returns the two leases that are among it.
 */
export function leaveThingsBehind({ stateDir, netnsDir }: CrashDaemon): Lease[] {
  const { instanceId: instance } = JSON.parse(readFileSync(join(stateDir, 'site.json'), 'utf8')) as {
    instanceId: string;
  };
  const ready = readdirSync(join(stateDir, 'ready'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(stateDir, 'ready', name));
  const [first, second, third] = ready.map((path) => ({ path, record: JSON.parse(readFileSync(path, 'utf8')) }));
  if (first === undefined || second === undefined || third === undefined) throw new Error(`${ready.length} are ready`);
  const write = (state: string, name: string, text: string) =>
    writeFileSync(join(stateDir, state, name), text, { mode: 0o600 });
  // Released and not gone yet.
  const { id } = first.record;
  write('dirty', `${id}.json`, `${JSON.stringify({ ...first.record, state: 'dirty', reason: 'released' })}\n`);
  rmSync(first.path);
  // Leased, with the older file left beside the newer one.
  const lease = {
    id: randomBytes(8).toString('hex'),
    containerId: 'noted',
    tenant: 'default',
    source: 'warm',
    acquiredAt: new Date().toISOString(),
    expiresAt: null,
    trust: 'unknown',
  };
  const noted = { ...second.record, revision: second.record.revision + 1_000_000, state: 'leased', lease };
  write('leased', `${noted.id}.json`, `${JSON.stringify(noted)}\n`);
  // Taken from the shelf, of which no daemon has heard; and what netnsd-runc leaves that is killed before it takes.
  const { facts } = third.record;
  const entry = JSON.stringify({ token: `${third.record.id}.left`, pool: 'default', ...facts });
  const taken = { id: randomBytes(8).toString('hex'), netns: facts.netns };
  symlinkSync(entry, join(stateDir, 'shelf', 'taken', 'left'));
  write(join('shelf', 'holders'), 'left', `{"lease":"${taken.id}","pid":1}\n{}`);
  write(join('shelf', 'holders'), 'cut-short', '{"lea');
  // Long ago: a young mark may be of a client that is about to take.
  utimesSync(join(stateDir, 'shelf', 'holders', 'cut-short'), 0, 0);
  // Meant to be built; cut short while written; of no pool; no record at all.
  write(
    'building',
    'default-0.json',
    JSON.stringify({ ...first.record, id: 'default-0', seq: 0, index: 900, state: 'building', facts: null }),
  );
  write('ready', '.default-0.new', '{"ver');
  write('ready', 'notes.txt', 'mine');
  // A mount point without a namespace, and paths that lead to it and nowhere.
  writeFileSync(`${netnsDir}/../ns/gone-1`, '');
  for (const id of ['gone-1', 'gone-2']) {
    const path = `${netnsDir}/${id}.0123456789abcdef`;
    // A start that was struck before may have left the one of the time before.
    rmSync(path, { force: true });
    symlinkSync(`../ns/${id}`, path);
  }
  spawnSync('ip', ['link', 'add', `nd${instance}-zz`, 'type', 'veth', 'peer', 'name', `nd${instance}-zy`]);
  renameSync(join(stateDir, 'site.json'), join(stateDir, 'site.json.new'));
  return [{ id: lease.id, netns: noted.facts.netns } as Lease, taken as Lease];
}
