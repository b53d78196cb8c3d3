/** The patterns of fields, each with what it allows in words: the message of a value that does not match. */
export const PATTERNS = {
  containerId: {
    pattern: '^\\.*[A-Za-z0-9_+][A-Za-z0-9_.+:@-]*$',
    words:
      'may have letters, digits and _ + . : @ - only, and must begin with a letter, a digit, _ or +, before which dots may stand',
  },
  tenant: {
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.:@-]*$',
    words: 'may have letters, digits and _ . : @ - only, and must begin with a letter or a digit',
  },
  poolName: {
    pattern: '^[a-z0-9][a-z0-9-]*$',
    words: 'may have lower-case letters, digits and - only, and must not begin with -',
  },
  hostname: {
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
    words: 'may have letters, digits and . _ - only, and must begin with a letter or a digit',
  },
  address: { pattern: '^[0-9A-Fa-f.:]+$', words: 'must be an address of IPv4 or IPv6, without a prefix length' },
  mac: { pattern: '^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$', words: 'must be six octets in hexadecimal with colons' },
  bundle: { pattern: '^/[^\\u0000-\\u001f]*$', words: 'must be an absolute path without control characters' },
} as const;

/** What is said of a value that does not match. */
export function wordsOf(pattern: unknown): string {
  const known = Object.values(PATTERNS).find((one) => one.pattern === pattern);
  return known?.words ?? `must match ${pattern}`;
}
