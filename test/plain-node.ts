/**
 * The beginning of a command that executes Node.js as users do: without the hooks that tap has every child load, which slow
 * each start of the daemon down and have it run more threads than it has elsewhere.
 */
export const PLAIN = ['env', '-u', 'NODE_OPTIONS'] as const;
