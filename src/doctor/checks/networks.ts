import { endpointCapacity, parseSubnet } from '../../address/ipv4.js';
import { findOverlaps } from '../../endpoint/network/overlap.js';
import { toNetnsdError } from '../../errors.js';
import { unwrap } from '../machine.js';
import { type Check, fail, ok, unknown } from '../outcome.js';

export const CONFIGURATION: Check = {
  group: 'networks',
  name: 'configuration',
  what: 'the configuration file is valid, and its `socket_group` exists',
  why: 'otherwise the daemon does not start',
  repair: 'the message names file, line, key and what is allowed',
  run({ config, files }) {
    if (!config.ok) {
      const { message, cause } = toNetnsdError(config.error);
      const isForbidden = (cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES';
      return isForbidden ? unknown(message, 'sudo netnsd doctor') : fail(message);
    }
    const { pools, socketGroup } = config.value;
    const groups = files.text('/etc/group') ?? '';
    const isKnown =
      socketGroup === null ||
      /^\d+$/.test(socketGroup) ||
      groups.split('\n').some((line) => line.startsWith(`${socketGroup}:`));
    if (!isKnown) return fail(`socket_group: there is no group ${socketGroup}`, `groupadd ${socketGroup}`);
    return ok(`pools: ${pools.map(({ name, subnet }) => `${name} on ${subnet}`).join(', ')}`);
  },
};

export const SUBNETS: Check = {
  group: 'networks',
  name: 'subnets',
  what: "the pools' subnets against the host's addresses, and its routes in all tables",
  why: 'the host would send packets for one to the other; the daemon does not start, and a running one loses its containers',
  repair: 'another `subnet`, or delete the route',
  run({ network, site, pools, config, daemon }) {
    if (!config.ok && !daemon.answers) return unknown('without a configuration there are no pools to check');
    const overlaps = findOverlaps({ found: unwrap(network), site, pools });
    if (overlaps.length === 0) return ok('no pool shares addresses with the host');
    return overlaps.map(({ pool, subnet, text }) =>
      fail(
        `subnet ${subnet} of pool ${pool} overlaps ${text}`,
        `in the configuration: [pools.${pool}] subnet = "…", a network that \`ip route show table all\` does not list; then restart the daemon`,
      ),
    );
  },
};

export const ROOM: Check = {
  group: 'networks',
  name: 'addresses',
  what: 'addresses of each subnet beyond the `max` of its pool',
  why: 'the address of a destroyed endpoint is not reused for `address_cooldown_seconds`; without spare addresses, an acquire waits for that',
  repair: 'a larger subnet, a smaller `max`, or a shorter `address_cooldown_seconds`',
  run({ pools }) {
    const tight = pools.filter(({ subnet, max }) => endpointCapacity(parseSubnet(subnet)) < max + 1);
    if (tight.length === 0) return ok('every pool has spare addresses');
    return tight.map(({ name, subnet, max }) => ({
      status: 'warn' as const,
      message: `pool ${name} may have ${max} endpoints, and ${subnet} has no more addresses: builds wait for cooldowns`,
      advice: `in the configuration: [pools.${name}] a larger subnet, or a max below ${max}`,
    }));
  },
};
