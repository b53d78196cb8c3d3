/**
 * The beginning of a command that executes Node.js as users do: without the hooks that tap has every child load, which cost a
 * start of the daemon a second and have it run more threads than it has elsewhere.
 */
export const PLAIN = ['env', '-u', 'NODE_OPTIONS'] as const;
