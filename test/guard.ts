import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Throws unless this process stands in the network and mount namespaces that native-scripts/sandbox.sh made: it leaves
 * their names in a file of the sandbox's own /run, which the machine's /run does not have. Tests that touch links,
 * routes or mounts call this first, so that none of them can ever reach the machine that they run on.
 */
export function assertSandbox(): void {
  const here = `${readlinkSync('/proc/thread-self/ns/net')} ${readlinkSync('/proc/thread-self/ns/mnt')}`;
  let sandbox: string;
  try {
    sandbox = readFileSync('/run/netnsd-sandbox', 'utf8').trim();
  } catch {
    throw new Error('This test changes the network: run it by `npm test` or native-scripts/sandbox.sh.');
  }
  if (sandbox !== here) throw new Error(`This test stands in ${here}, not in its sandbox ${sandbox}.`);
}
