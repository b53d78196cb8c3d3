import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { readConfig } from '../../../src/config/index.js';
import { POOL_KEYS, TOP_KEYS } from '../../../src/config/keys/index.js';
import { TOP } from '../docs/markdown.js';

interface Command {
  readonly words: readonly string[];
  readonly options: readonly { readonly long: string }[];
}
const load = (name: string) => import(pathToFileURL(`${TOP}native-scripts/package/${name}`).href);
const { renderPages } = (await load('pages.mjs')) as { renderPages(): Record<string, string> };
const { commandTree, flatten } = (await load('command-tree.mjs')) as {
  commandTree(): Command;
  flatten(command: Command): Command[];
};
const pages = renderPages();
const commands = flatten(commandTree());
const page = (name: string): string => pages[name] ?? '';

t.test('each command has a manual page with all of its options, and its group names it', async (t) => {
  t.ok(commands.length > 20);
  for (const { words, options } of commands.filter(({ words }) => words.at(-1) !== 'help')) {
    const text = page(`share/man/man1/${words.join('-')}.1`);
    t.match(text, new RegExp(`^\\.SH NAME\n${words.join('\\\\-')} \\\\- \\w`, 'm'), words.join(' '));
    for (const { long } of options) t.ok(text.includes(`\\fB${long.replaceAll('-', '\\-')}\\fR`), long);
    const group = words.length > 1 ? page(`share/man/man1/${words.slice(0, -1).join('-')}.1`) : '';
    if (words.length > 1) t.ok(group.includes(`\n\\fB${words.at(-1)}\\fR\n`), `${words.join(' ')} in its group`);
  }
});

t.test('completion of bash offers commands, options, allowed values and files', async (t) => {
  const folder = t.testdir({ 'some.toml': '' });
  mkdirSync(join(folder, 'bundle'));
  const script = join(folder, 'completion');
  writeFileSync(script, page('share/bash-completion/completions/netnsd'));
  const offered = (...words: string[]): string[] => {
    const run = `source "$1"; shift; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _netnsd; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const args = ['--norc', '-c', run, 'bash', script, 'netnsd', ...words];
    return execFileSync('bash', args, { cwd: folder, encoding: 'utf8' }).trim().split('\n').sort();
  };
  t.same(offered('ac'), ['acquire']);
  t.same(offered('pool', ''), ['help', 'list', 'set']);
  t.same(offered('pool', 'set', 'web', '--m'), ['--max', '--min-ready']);
  t.same(offered('serve', '--log-level', ''), ['debug', 'error', 'info', 'trace', 'warn']);
  t.same(offered('serve', '--log-level', '=', 'd'), ['debug'], 'as bash takes --log-level=d apart');
  t.same(offered('serve', '--config', 'so'), ['some.toml']);
  t.same(offered('serve', '--state-dir', ''), ['bundle']);
  t.same(offered('acquire', '--id', 'pool', '--pa'), ['--path'], 'the value of an option is no command');
});

t.test('completion of zsh and fish has every command and every option', async (t) => {
  const zsh = page('share/zsh/vendor-completions/_netnsd');
  const fish = page('share/fish/vendor_completions.d/netnsd.fish');
  for (const { words, options } of commands) {
    const at = words.join(' ');
    t.ok(zsh.includes(`    '${at}')\n`), at);
    for (const { long } of options) {
      t.ok(zsh.includes(`'${long}:`), `zsh: ${long}`);
      t.ok(fish.includes(`-n '__netnsd_at ${at}' -l ${long.slice(2)} `), `fish: ${at} ${long}`);
    }
    if (words.length > 1)
      t.ok(fish.includes(`-n '__netnsd_at ${words.slice(0, -1).join(' ')}' -a ${words.at(-1)} `), at);
  }
});

t.test('the example configuration changes nothing, and is valid with every default that it shows', async (t) => {
  const text = page('share/doc/netnsd/examples/netnsd.toml');
  const file = join(t.testdir(), 'netnsd.toml');
  const empty = join(t.testdirName, 'empty.toml');
  writeFileSync(empty, '');
  writeFileSync(file, text);
  t.same(readConfig({ path: file }), readConfig({ path: empty }));
  // What has no default has an example, or "" where nothing is one.
  const without = new Set(Object.values(POOL_KEYS).flatMap(({ name, initial }) => (initial === null ? [name] : [])));
  const lines = /^#(\[.*|(\w+) = (?!"").+)$/gm;
  writeFileSync(
    file,
    text.replace(lines, (line, shown, name) => (without.has(name) ? line : shown)),
  );
  t.same(readConfig({ path: file }), readConfig({ path: empty }));
  writeFileSync(file, text.replace(lines, '$1'));
  t.ok(readConfig({ path: file }), 'the examples are valid too');
  for (const { name } of [...Object.values(TOP_KEYS), ...Object.values(POOL_KEYS)])
    t.match(text, new RegExp(`^#${name} = `, 'm'), name);
});

t.test('the example of a CNI configuration is that of the page', async (t) => {
  const example = readFileSync(`${TOP}native-scripts/package/10-netnsd.conflist`, 'utf8');
  t.ok(readFileSync(`${TOP}docs/cni.md`, 'utf8').includes(`\`\`\`json\n${example}\`\`\``));
});
