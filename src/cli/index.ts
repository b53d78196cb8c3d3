export type { Client, DaemonStatus, Dependencies, ServeOptions } from './dependencies.js';
export { runCli } from './run.js';
