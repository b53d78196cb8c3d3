/** Writes docs/sizing.svg and the figures of docs/sizing.md, from what `netnsd bench sizing` says; nothing gets there otherwise. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { replaceBlock } from './markdown-block.mjs';

const PAGE = new URL('../docs/sizing.md', import.meta.url);
const PLOT = fileURLToPath(new URL('../docs/sizing.svg', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));

const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
const text = execFileSync(process.execPath, [MAIN, 'bench', 'sizing', '--seed', '1', '--plot', PLOT], options);
// The machine has no part in the figures.
const [, ...lines] = text.split('\n');
writeFileSync(PAGE, replaceBlock(readFileSync(PAGE, 'utf8'), 'sizing', `\`\`\`\n${lines.join('\n').trim()}\n\`\`\``));
