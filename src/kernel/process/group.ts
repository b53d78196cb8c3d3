import { readFileSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';

/** The id of a group of group(5), by name or number; null for null. Throws `config_invalid` for a group that is not there. */
export function groupId(name: string | null): number | null {
  if (name === null) return null;
  if (/^\d+$/.test(name)) return Number(name);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const id = line?.split(':')[2];
  if (id !== undefined) return Number(id);
  throw new NetnsdError(
    'config_invalid',
    `socket_group: there is no group ${name}: make it with \`groupadd ${name}\`, or name another`,
  );
}
