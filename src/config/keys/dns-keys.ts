import { isIP } from 'node:net';
import { isText, type Key, listOf } from './key.js';

/** One word of a line of resolv.conf. */
const RESOLVER_WORD = /^[^\s\p{Cc}]{1,253}$/u;

/** The keys of a table `[pools.NAME.dns]`. */
export const DNS_KEYS = {
  servers: {
    name: 'servers',
    ...listOf((item) => typeof item === 'string' && isIP(item) !== 0),
    allowed: 'an array of IP addresses, such as ["10.0.0.53"]',
    meaning: 'Name servers in the DNS settings of a lease.',
  },
  search: {
    name: 'search',
    ...listOf((item) => isText(item, RESOLVER_WORD)),
    allowed: 'an array of domain names, such as ["svc.example.org"]',
    meaning: 'Search domains in the DNS settings of a lease.',
  },
  options: {
    name: 'options',
    ...listOf((item) => isText(item, RESOLVER_WORD)),
    allowed: 'an array of resolv.conf options, such as ["ndots:2"]',
    meaning: 'Resolver options (resolv.conf(5)) in the DNS settings of a lease.',
  },
} satisfies Record<string, Key<unknown>>;
