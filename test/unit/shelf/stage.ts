import fs from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { FileShelf, recoverShelf, ShelfFolder } from '../../../src/shelf/index.js';
import { factsOf } from '../pool/fakes.js';

export function recordOf(seq: number, change: object = {}) {
  const key = { id: `default-${seq}`, pool: 'default', index: seq, seq };
  return { ...key, state: 'ready' as const, facts: factsOf(key), lease: null, tenant: null, reason: null, ...change };
}

/** A state directory with a shelf, what it tells, and a hand that does what netnsd-runc does. */
export function makeShelf(t: Test) {
  const directory = t.testdir();
  const folder = new ShelfFolder(directory);
  const path = (...names: string[]) => join(directory, 'shelf', ...names);
  const failures: string[] = [];
  const options = {
    folder,
    trustOf: (text: string) => (text === 'good' ? ('unprivileged' as const) : ('privileged' as const)),
    newLeaseId: () => 'ffffffffffffffff',
  };
  const written: [string, string][] = [];
  const removed: [string, string][] = [];
  const unrecorded = new Set<string>();
  const recover = (records: ReturnType<typeof recordOf>[] = [], full = false, remove = true) =>
    recoverShelf({
      ...options,
      unrecorded,
      records: records as never,
      write: ({ id, state }) => {
        if (full) throw new Error('no space');
        written.push([id, state]);
      },
      remove: ({ id, state }) => {
        if (!remove) throw new Error('nothing can be removed');
        removed.push([id, state]);
      },
      failed: () => failures.push('record'),
    });
  const reopen = (
    records: ReturnType<typeof recordOf>[] = [],
    mountDns = false,
    more: { appeared?: () => boolean } = {},
  ) => {
    const { leases, offers } = recover(records);
    folder.make(['default']);
    const failed = (_error: unknown, what: string) => failures.push(what);
    return new FileShelf({ ...options, mountDns: () => mountDns, failed, leases, offers, ...more });
  };
  const take = (key: string, { token = offers()[0] as string, spec = 'good', more = {} } = {}) => {
    const line = { lease: '0123456789abcdef', pid: 42, tenant: 'default', ...more };
    fs.writeFileSync(path('holders', key), `${JSON.stringify(line)}\n${spec}`);
    fs.renameSync(path('offers', 'default', 'unused', token), path('taken', key));
  };
  const offers = () => fs.readdirSync(path('offers', 'default', 'unused'));
  const entries = () => ['holders', 'taken', 'standing', 'returned'].map((name) => fs.readdirSync(path(name)).join());
  return { path, failures, written, removed, recover, reopen, take, offers, entries, folder };
}
