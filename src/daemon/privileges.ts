import { NetnsdError } from '../errors.js';
import { missingCapabilities } from '../kernel/capabilities.js';

/** Throws `missing_privilege`, in one line, unless this process may do what netnsd does. */
export function assertPrivileged(): void {
  const missing = missingCapabilities();
  if (missing.length === 0) return;
  const list = missing.map(({ name, reason }) => `${name} (to ${reason})`).join(' and ');
  const mend =
    process.geteuid?.() === 0 ? 'give it to this container or service' : 'run netnsd as root, by sudo for example';
  throw new NetnsdError('missing_privilege', `netnsd lacks ${list}: ${mend}`);
}
