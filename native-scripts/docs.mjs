/**
 * Everything that follows from the code: the tables of docs/reference.md, the rooms in docs/architecture.md, and the lint
 * rules for imports in biome.json. Changes nothing where these say what the code says.
 *
 *   node native-scripts/docs.mjs            writes them
 *   node native-scripts/docs.mjs --check    only names what is out of date; status 1 if anything is
 *
 * `npm run docs` builds first: what is read here is dist/.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderKeyTable } from '../dist/src/config/index.js';
import { replaceBlock } from './markdown-block.mjs';
import { apiTable, bodyTable, commandTable, errorTable } from './reference.mjs';
import { lintOverrides, roomsText } from './rooms.mjs';

const TOP = fileURLToPath(new URL('../', import.meta.url));

function withBlocks(text, blocks) {
  return Object.entries(blocks).reduce((page, [name, content]) => replaceBlock(page, name, content), text);
}

/** biome.json with the rules that follow from the rooms; in Biome's own format, which `npm run lint` asks for. */
function withRooms(text) {
  const input = JSON.stringify({ ...JSON.parse(text), overrides: lintOverrides() });
  const args = ['format', '--stdin-file-path=biome.json'];
  return execFileSync(`${TOP}node_modules/.bin/biome`, args, { cwd: TOP, input, encoding: 'utf8' });
}

const reference = {
  commands: commandTable(),
  configuration: renderKeyTable(),
  api: await apiTable(),
  bodies: bodyTable(),
  errors: errorTable(),
};
const files = {
  'docs/reference.md': (text) => withBlocks(text, reference),
  'docs/architecture.md': (text) => withBlocks(text, { rooms: roomsText() }),
  'biome.json': withRooms,
};
for (const [file, render] of Object.entries(files)) {
  const text = readFileSync(`${TOP}${file}`, 'utf8');
  const next = render(text);
  if (next === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${file} is not what the code says: run \`npm run docs\``);
    process.exitCode = 1;
  } else {
    writeFileSync(`${TOP}${file}`, next);
    console.log(`${file} written anew`);
  }
}
