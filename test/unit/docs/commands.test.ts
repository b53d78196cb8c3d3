import type { Command } from 'commander';
import t from 'tap';
import { HELP as COMPARE_HELP } from '../../../src/bench/compare/index.js';
import { HELP, SUITES } from '../../../src/bench/options.js';
import { HELP as PAPER_HELP } from '../../../src/bench/paper/options.js';
import { SIZING_HELP } from '../../../src/bench/sizing/options.js';
import { buildProgram } from '../../../src/cli/program.js';
import { fakeInvocation } from './fake-invocation.js';
import { block, fenced, PAGES, readPage, rowsOf } from './markdown.js';

const program = buildProgram(fakeInvocation());

/** Suites with options of their own, and what they print for `--help`. */
const OWN_HELP = [
  ['sizing', SIZING_HELP],
  ['paper', PAPER_HELP],
  ['compare', COMPARE_HELP],
] as const;

/** Commands that do something, by their words: `oci patch`. */
function leaves(command: Command, path: readonly string[] = []): Map<string, Command> {
  const children = command.commands.filter((child) => child.name() !== 'help');
  if (children.length === 0) return new Map([[path.join(' '), command]]);
  return new Map(children.flatMap((child) => [...leaves(child, [...path, child.name()])]));
}

/** What a page tells its readers to run: the words after `netnsd`, of fenced lines and of inline code. */
function calls(text: string): string[] {
  const lines = fenced(text).flatMap((code) => code.split('\n').filter((line) => line.startsWith('$ ')));
  const inline = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, code]) => code as string,
  );
  return [...lines, ...inline].flatMap((code) =>
    [
      ...code.matchAll(/(?:^|\$ |sudo |until |\$\(|dist\/src\/main\.js )(?:netnsd|(?<=main\.js )) ?([a-z][^)|;>&]*)/g),
    ].map(([, call]) => (call as string).trim()),
  );
}

t.test('every command is in the table of the reference, with all its options', async (t) => {
  const rows = new Map(
    rowsOf(block(readPage('docs/reference.md'), 'commands')).map(([usage = '', , options = '']) => [
      usage.replace(/^`netnsd |`$/g, '').replace(/ [<[].*/, ''),
      options,
    ]),
  );
  const commands = leaves(program);
  t.same([...rows.keys()].sort(), [...commands.keys()].sort());
  for (const [name, command] of commands)
    for (const { flags } of command.options) t.ok(rows.get(name)?.includes(`\`${flags}\``), `${name} ${flags}`);
});

t.test('what the pages tell their readers to run exists, down to the options', async (t) => {
  const commands = leaves(program);
  let checked = 0;
  for (const page of PAGES) {
    for (const call of calls(readPage(page))) {
      const name = [...commands.keys()].find((words) => call === words || call.startsWith(`${words} `));
      const isGroup = program.commands.some((command) => command.name() === call);
      t.ok(name !== undefined || isGroup, `${page}: netnsd ${call}`);
      const own = OWN_HELP.find(([suite]) => call.startsWith(`bench ${suite}`))?.[1] ?? HELP;
      const help = name === 'bench' ? own : (commands.get(name ?? '')?.helpInformation() ?? '');
      for (const [option] of call.matchAll(/(?<=\s)--[a-z-]+/g)) {
        t.ok(new RegExp(`${option}\\b(?!-)`).test(help), `${page}: netnsd ${call}: ${option}`);
        checked += 1;
      }
    }
  }
  t.ok(checked > 10, 'options were found at all');
});

t.test('the help of `netnsd bench` lists every suite', async (t) => {
  const command = leaves(program).get('bench');
  const printed: string[] = [];
  command?.configureOutput({ writeOut: (text) => void printed.push(text) }).outputHelp();
  const help = printed.join('');
  for (const suite of [...SUITES, ...OWN_HELP.map(([name]) => name)]) {
    t.match(help, new RegExp(`^ {2}${suite} `, 'm'), suite);
    t.match(HELP, new RegExp(`^ {2}${suite} `, 'm'), `${suite}, in its own help`);
  }
});

t.test('a suite of bench that a page names is one', async (t) => {
  for (const page of PAGES) {
    for (const [, suite] of readPage(page).matchAll(/(?:netnsd|main\.js) bench ([a-z]+)/g)) {
      t.match(HELP, new RegExp(`^ {2}${suite} `, 'm'), `${page}: ${suite}`);
    }
  }
});

t.test('an npm script that a page names is one', async (t) => {
  const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
  for (const page of PAGES) {
    for (const [, name] of readPage(page).matchAll(/npm run ([a-z:]+)/g)) {
      t.ok(Object.hasOwn(scripts, name as string), `${page}: npm run ${name}`);
    }
  }
});
