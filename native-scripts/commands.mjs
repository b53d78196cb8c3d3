// Writes native-scripts/netnsd/commands.h: the commands that the native program netnsd does itself, as the command line of src/cli
// describes them. `npm run docs` runs it; test/native/front.test.ts holds the file to it.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildProgram } from '../dist/src/cli/program.js';

const NATIVE = ['acquire', 'release', 'renew', 'oci patch'];
const TARGET = fileURLToPath(new URL('./netnsd/commands.h', import.meta.url));

/** What an option takes, found out by asking its parser. */
function kindOf(option) {
  if (!option.required) return 'OPTION_FLAG';
  if (option.parseArg === undefined) return 'OPTION_TEXT';
  const takes = (text) => {
    try {
      option.parseArg(text, undefined);
      return true;
    } catch {
      return false;
    }
  };
  if (takes('x')) return takes('') ? 'OPTION_TEXT' : 'OPTION_NAME';
  if (takes('0')) return 'OPTION_SECONDS_OR_ZERO';
  return takes('0.5') ? 'OPTION_SECONDS' : 'OPTION_COUNT';
}

function find(program, words) {
  return words.split(' ').reduce((command, word) => command.commands.find((one) => one.name() === word), program);
}

function renderOption(option) {
  const [conflict] = option.conflictsWith;
  const conflicts = conflict === undefined ? 'NULL' : JSON.stringify(conflict);
  return `    {${JSON.stringify(option.long.slice(2))}, ${kindOf(option)}, ${option.mandatory}, ${conflicts}},`;
}

export function renderCommands() {
  const program = buildProgram({ version: '0', stdout: process.stdout, stderr: process.stderr, env: {} });
  const found = NATIVE.map((words) => ({ words, name: words.replaceAll(' ', '_'), command: find(program, words) }));
  const tables = found.map(({ name, command }) =>
    [`static const struct option ${name}_options[] = {`, ...command.options.map(renderOption), '};', ''].join('\n'),
  );
  const rows = found.map(({ words, name, command }) => {
    const operands = command.registeredArguments;
    const least = operands.filter(({ required }) => required).length;
    const most = operands.some(({ variadic }) => variadic) ? 'OPERANDS_MAX' : operands.length;
    return `    {"${words}", ${least}, ${most}, ${name}_options, sizeof ${name}_options / sizeof ${name}_options[0]},`;
  });
  return [
    "/* Made by native-scripts/commands.mjs from the command line's description in src/cli: `npm run docs`. */",
    '#ifndef NETNSD_COMMANDS_H',
    '#define NETNSD_COMMANDS_H',
    '',
    '#include "command-line.h"',
    '',
    ...tables,
    'const struct known_command commands[] = {',
    ...rows,
    '    {NULL, 0, 0, NULL, 0},',
    '};',
    '',
    '#endif',
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, renderCommands());
