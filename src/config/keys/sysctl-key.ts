import { isText, type Key } from './key.js';

/** Names of sysctl(8) below `net`, with dots, or with slashes where a name of an interface has a dot. */
const SYSCTL_NAME = /^net(?:(?:\.[A-Za-z0-9_-]+)+|(?:\/[A-Za-z0-9_.-]+)+)$/;
/** What a line of a file in /proc/sys may hold. */
const VALUE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
const MOST_CHARACTERS = 200;

/** What netnsd itself sets, or a container would lose its addresses by. */
const OWN = /[./](?:accept_ra|addr_gen_mode|stable_secret)$/;

/** A value of the table `[pools.NAME.sysctls]`; its key there is the sysctl's name. */
export function sysctlKey(name: string) {
  return {
    name,
    type: 'integer or string',
    initial: null as number | string | null,
    initialMeaning: 'as the kernel has it',
    allowed: `an integer, or a string of at most ${MOST_CHARACTERS} characters on one line, such as 1024 or "4096 131072 6291456"`,
    meaning:
      'A sysctl of the container\'s network namespace, `"net.core.somaxconn" = 1024` say. What is no sysctl of a network namespace, or takes another value than this one, is refused when the daemon reads the configuration.',
    accepts: (value: unknown) =>
      Number.isSafeInteger(value) || (isText(value, VALUE) && (value as string).length <= MOST_CHARACTERS),
  } satisfies Key<number | string | null>;
}

/** Why there can be no such key in the table; undefined: there can. */
export function sysctlNameProblem(name: string): string | undefined {
  if (!SYSCTL_NAME.test(name) || name.split(/[./]/).includes(''))
    return 'no sysctl of a network namespace, allowed: names such as "net.core.somaxconn"';
  return OWN.test(name) ? 'set by netnsd' : undefined;
}
