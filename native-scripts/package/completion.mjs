/**
 * Completion of `netnsd` for bash, zsh and fish. In each, the command is the longest known one among the words before the
 * cursor; then its commands, its options, or the values of the option before the cursor are offered.
 */

const key = (command) => command.words.join(' ');
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** What is offered after an option: `@files`, `@folders`, allowed values, or nothing. */
function valuesOf({ takes, choices }) {
  if (takes === 'DIR') return '@folders';
  if (takes === 'FILE' || takes === 'PATH') return '@files';
  return choices.join(' ');
}

const takesFiles = ({ operands }) => operands.some(({ name }) => name === 'FILE' || name === 'BUNDLE');

function taking(command) {
  return command.options.filter(({ takes }) => takes !== undefined).map((option) => [`${key(command)} ${option.long}`, valuesOf(option)]);
}

function namesOf({ options }) {
  return options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
}

export function bashCompletion(commands) {
  const table = (name, rows) => [`  local -A ${name}=(`, ...rows.map(([index, value]) => `    [${quote(index)}]=${quote(value)}`), '  )'];
  return [
    '# bash completion for netnsd; made from the description of its command line',
    '_netnsd() {',
    ...table('commands', commands.map((one) => [key(one), one.commands.map(({ words }) => words.at(-1)).join(' ')])),
    ...table('options', commands.map((one) => [key(one), namesOf(one).join(' ')])),
    ...table('values', commands.flatMap(taking)),
    ...table('files', commands.filter(takesFiles).map((one) => [key(one), 'yes'])),
    `  local at=netnsd word i current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ -z $word || ! -v commands["$at $word"] ]] || at="$at $word"
  done
  # --option=value: bash has made three words of it.
  [[ $current != '=' ]] || current=
  [[ $previous != '=' ]] || previous=\${COMP_WORDS[COMP_CWORD - 2]}
  COMPREPLY=()
  if [[ $previous == -* && -v values["$at $previous"] ]]; then
    case \${values["$at $previous"]} in
      @files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      @folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
      *) mapfile -t COMPREPLY < <(compgen -W "\${values["$at $previous"]}" -- "$current") ;;
    esac
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "\${options[$at]}" -- "$current")
  elif [[ -v files["$at"] ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "\${commands[$at]}" -- "$current")
  fi
}
complete -F _netnsd netnsd
`,
  ].join('\n');
}

export function zshCompletion(commands) {
  const entry = (name, meaning) => quote(`${name.replaceAll(':', '\\:')}:${meaning}`);
  const cases = (rows) => rows.map(([name, ...lines]) => [`    ${quote(name)})`, ...lines.map((line) => `      ${line}`), '      ;;'].join('\n'));
  const found = ({ choices, ...option }) => {
    const values = valuesOf({ choices, ...option });
    if (values === '@files') return '_files';
    if (values === '@folders') return '_files -/';
    return choices.length > 0 ? `compadd -- ${values}` : `_message ${quote(option.takes)}`;
  };
  const offers = commands.map((one) => [
    key(one),
    `known=(${one.commands.map(({ words, summary }) => entry(words.at(-1), summary)).join(' ')})`,
    `options=(${one.options.map(({ long, description }) => entry(long, description)).join(' ')})`,
    ...(takesFiles(one) ? ['files=1'] : []),
  ]);
  const after = commands.flatMap((one) =>
    one.options.filter(({ takes }) => takes !== undefined).map((option) => [`${key(one)} ${option.long}`, found(option), 'return']),
  );
  return [
    '#compdef netnsd',
    '# made from the description of the command line of netnsd',
    'local at=netnsd word files=',
    'local -a known options',
    `local -a all=(${commands.map((one) => quote(key(one))).join(' ')})`,
    'for word in "${(@)words[2,CURRENT-1]}"; do',
    '  (( ! ${all[(Ie)$at $word]} )) || at="$at $word"',
    'done',
    'case "$at ${words[CURRENT-1]}" in',
    ...cases(after),
    'esac',
    'case $at in',
    ...cases(offers),
    'esac',
    'if [[ $words[CURRENT] == -* ]]; then',
    "  _describe -o 'option' options",
    'elif [[ -n $files ]]; then',
    '  _files',
    'else',
    "  _describe 'command' known",
    'fi',
    '',
  ].join('\n');
}

export function fishCompletion(commands) {
  const fish = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((one) => {
    const at = `-n ${fish(`__netnsd_at ${key(one)}`)}`;
    const below = one.commands.map(({ words, summary }) => `complete -c netnsd ${at} -a ${words.at(-1)} -d ${fish(summary)}`);
    const options = one.options.map((option) => {
      const values = valuesOf(option);
      const offered = { '@files': '-r -F', '@folders': "-x -a '(__fish_complete_directories)'", '': '-x' }[values] ?? `-x -a ${fish(values)}`;
      const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
      const taken = option.takes === undefined ? '' : ` ${offered}`;
      return `complete -c netnsd ${at} -l ${option.long.slice(2)}${short}${taken} -d ${fish(option.description)}`;
    });
    return [...below, ...options, ...(takesFiles(one) ? [`complete -c netnsd ${at} -F`] : [])];
  });
  return [
    '# fish completion for netnsd; made from the description of its command line',
    'function __netnsd_at',
    '    set -l at netnsd',
    '    for word in (commandline -opc)[2..-1]',
    `        if contains -- "$at $word" ${commands.map((one) => fish(key(one))).join(' ')}`,
    '            set at "$at $word"',
    '        end',
    '    end',
    '    test "$at" = "$argv"',
    'end',
    'complete -c netnsd -f',
    ...lines,
    '',
  ].join('\n');
}
