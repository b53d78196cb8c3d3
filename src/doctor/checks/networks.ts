import { endpointCapacity, parseSubnet } from '../../address/ipv4.js';
import { findOverlaps } from '../../endpoint/network/overlap.js';
import { toNetnsdError } from '../../errors.js';
import { unwrap } from '../machine.js';
import { type Check, fail, ok, unknown } from '../outcome.js';

export const CONFIGURATION: Check = {
  group: 'networks',
  name: 'configuration',
  what: 'the configuration file is one, and its `socket_group` is a group',
  why: 'the daemon does not start otherwise',
  mend: 'the message names file, line, key and what is allowed',
  look({ config, files }) {
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
  why: 'the host would send packets of the one to the other; a daemon does not start so, and one that runs loses its containers',
  mend: 'another `subnet`, or take the route away',
  look({ network, site, pools, config, daemon }) {
    if (!config.ok && !daemon.answers) return unknown('without a configuration there are no pools to compare');
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
  what: 'addresses of each subnet beyond the max of its pool',
  why: 'an address rests after somebody has had it (`address_cooldown_seconds`); without spare ones, an acquire waits for that',
  mend: 'a larger subnet, a smaller `max`, or a shorter `address_cooldown_seconds`',
  look({ pools }) {
    const tight = pools.filter(({ subnet, max }) => endpointCapacity(parseSubnet(subnet)) < max + 1);
    if (tight.length === 0) return ok('every pool has addresses to spare');
    return tight.map(({ name, subnet, max }) => ({
      status: 'warn' as const,
      message: `pool ${name} may have ${max} endpoints, and ${subnet} has as many addresses: none can rest`,
      advice: `in the configuration: [pools.${name}] a larger subnet, or a max below ${max}`,
    }));
  },
};
