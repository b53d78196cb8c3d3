import { readFileSync, readlinkSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';

/** Left by native-scripts/sandbox.sh in a /run of its own; names the namespaces that it made. */
const MARKER = '/run/netnsd-sandbox';

/**
 * Throws `bad_usage` unless this process stands in the network and mount namespaces of a test's sandbox: nobody can steer
 * a daemon that serves a machine by its environment.
 */
export function assertTestSandbox(): void {
  const here = `${readlinkSync('/proc/thread-self/ns/net')} ${readlinkSync('/proc/thread-self/ns/mnt')}`;
  if (process.env.NETNSD_SANDBOX === '1' && markedNamespaces() === here) return;
  throw new NetnsdError(
    'bad_usage',
    'NETNSD_FAULTS is set, and this is no test: faults are injected only inside native-scripts/sandbox.sh; unset it',
  );
}

function markedNamespaces(): string | undefined {
  try {
    return readFileSync(MARKER, 'utf8').trim();
  } catch {
    return undefined;
  }
}
