// Writes native-scripts/netnsd/capabilities.h: the capabilities that the daemon keeps, as src/kernel/process/capabilities.ts lists them.
// `npm run docs` runs it; test/native/front.test.ts holds the file to the list.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NEEDED_CAPABILITIES } from '../dist/src/kernel/process/capabilities.js';

const TARGET = fileURLToPath(new URL('./netnsd/capabilities.h', import.meta.url));

export function renderCapabilities() {
  const rows = Object.entries(NEEDED_CAPABILITIES).map(
    ([name, { number, required }]) => `    {${number}, ${required}}, /* ${name} */`,
  );
  return [
    '/* Made by native-scripts/capabilities.mjs from src/kernel/process/capabilities.ts: `npm run docs`. */',
    '#ifndef NETNSD_CAPABILITIES_H',
    '#define NETNSD_CAPABILITIES_H',
    '',
    '#include <stdbool.h>',
    '',
    '/* What the daemon keeps; it does not start without those that are required. */',
    'static const struct needed_capability {',
    '  unsigned number;',
    '  bool required;',
    '} needed_capabilities[] = {',
    ...rows,
    '};',
    '',
    '#endif',
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, renderCapabilities());
