import { readdirSync } from 'node:fs';

/**
 * Runs all test files of a folder of test/ in this process, one after the other: `node dist/test/room.js unit/pool`. For
 * files that share nothing and leave the process as it was: most of the time of a small file is its start.
 */
// Of a file; tap's own thirty seconds are too short on a busy machine.
process.env['TAP_TIMEOUT'] ??= '3600';
const folder = new URL(`${process.argv[2]}/`, import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.js'));
for (const name of files.sort()) await import(new URL(name, folder).href);
