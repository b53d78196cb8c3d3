import { NetnsdError } from '../errors.js';
import { type Capability, type CapabilityName, missingCapabilities } from '../kernel/process/capabilities.js';

/** Throws `missing_privilege` unless this process has the capabilities that netnsd requires. */
export function assertPrivileged(): void {
  const missing = missingCapabilities().filter(({ required }) => required);
  if (missing.length === 0) return;
  const list = missing.map(({ name, reason }) => `${name} (to ${reason})`).join(' and ');
  const advice =
    process.geteuid?.() === 0 ? 'give it to this container or service' : 'run netnsd as root, by sudo for example';
  throw new NetnsdError('missing_privilege', `netnsd lacks ${list}: ${advice}`);
}

/** Capabilities that this process lacks and netnsd does not require; each says what does not work. */
export function missingOptionalCapabilities(): ({ readonly name: CapabilityName } & Capability)[] {
  return missingCapabilities().filter(({ required }) => !required);
}
