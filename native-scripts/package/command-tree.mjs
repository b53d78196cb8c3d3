/** The commands of `netnsd` as data, from the description of the command line in src/cli; read from dist/, so build first. */
import { buildProgram } from '../../dist/src/cli/program.js';

/** Options that users may give: name, the word for what it takes (undefined: nothing), the allowed values, the meaning. */
function optionsOf(command) {
  const options = command.options.filter(({ hidden, long }) => !hidden && long !== undefined);
  const own = options.map(({ long, short, flags, description, argChoices }) => ({
    long,
    short,
    takes: /[<[](.+?)[>\]]/.exec(flags)?.[1],
    choices: argChoices ?? [],
    description,
  }));
  const helps = command.createHelp().visibleOptions(command).some(({ long }) => long === '--help');
  return helps && !own.some(({ long }) => long === '--help')
    ? [...own, { long: '--help', short: '-h', takes: undefined, choices: [], description: 'print help' }]
    : own;
}

/** What commander prints after the options: the examples. */
function examplesOf(command) {
  let text = '';
  command.configureOutput({ writeOut: (words) => (text += words) });
  command.outputHelp();
  const [, examples = ''] = /^Examples?:\n([\s\S]*)$/m.exec(text) ?? [];
  return examples.split('\n').flatMap((line) => {
    const [, call, meaning] = /^ {2}\$ (.*?)\s+# (.*)$/.exec(line) ?? [];
    return call === undefined ? [] : [{ call, meaning }];
  });
}

function describe(command, words) {
  return {
    words,
    summary: command.summary() || command.description(),
    description: command.description(),
    options: optionsOf(command),
    operands: command.registeredArguments.map(({ _name: name, required, variadic, description }) => ({ name, required, variadic, description })),
    examples: examplesOf(command),
    commands: command.commands.filter(({ _hidden }) => !_hidden).map((one) => describe(one, [...words, one.name()])),
  };
}

export function commandTree() {
  const silent = { write: () => true };
  return describe(buildProgram({ version: '0', stdout: silent, stderr: silent, env: {} }), ['netnsd']);
}

/** A command and all below it, each before its own. */
export function flatten(command) {
  return [command, ...command.commands.flatMap(flatten)];
}
