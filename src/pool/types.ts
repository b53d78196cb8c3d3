/** The pool's types by subject; what a record holds is the state room's. */
export * from '../state/record.js';
export * from './ports/index.js';
export * from './settings.js';
export * from './status.js';
