import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { publishPath } from '../../src/kernel/netns/lease-paths.js';
import { createNetns, NetnsHandle } from '../../src/kernel/netns/netns.js';
import type { Vault } from '../../src/kernel/netns/vault.js';
import { startVault, stopVault } from '../../src/kernel/netns/vault-program.js';

export async function started(t: Test): Promise<string> {
  const stateDir = mkdtempSync('/run/vault-');
  await startVault(stateDir);
  t.teardown(() => stopVault(stateDir));
  return stateDir;
}

/** Ids of all processes of the vault: the resident and its successor. */
export function processesOf(stateDir: string): number[] {
  const pinned = statSync(`${stateDir}/vault/mnt`).ino;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => statSync(`/proc/${pid}/ns/mnt`, { throwIfNoEntry: false })?.ino === pinned);
}

export async function eventually<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = performance.now() + 180_000; performance.now() < end; await delay(2)) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`not within a minute: ${what}`);
}

/** Makes the namespace of an endpoint, as a build does; returns the path of its lease and its inode. */
export function make(vault: Vault, id: string): { path: string; inode: number } {
  using home = NetnsHandle.open();
  const { handle, inode } = vault.within(() => createNetns({ path: vault.mountPoint(id), home, act: () => null }));
  handle.close();
  return { path: publishPath(vault, id), inode };
}
