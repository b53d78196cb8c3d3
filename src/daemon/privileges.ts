import { NetnsdError } from '../errors.js';
import { type Capability, type CapabilityName, missingCapabilities } from '../kernel/process/capabilities.js';

/** Throws `missing_privilege`, in one line, unless this process may do what netnsd cannot do without. */
export function assertPrivileged(): void {
  const missing = missingCapabilities().filter(({ required }) => required);
  if (missing.length === 0) return;
  const list = missing.map(({ name, reason }) => `${name} (to ${reason})`).join(' and ');
  const mend =
    process.geteuid?.() === 0 ? 'give it to this container or service' : 'run netnsd as root, by sudo for example';
  throw new NetnsdError('missing_privilege', `netnsd lacks ${list}: ${mend}`);
}

/** What this process lacks and can do without; each says what is lost. */
export function missingComforts(): ({ readonly name: CapabilityName } & Capability)[] {
  return missingCapabilities().filter(({ required }) => !required);
}
