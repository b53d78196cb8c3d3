/** Manual pages in man(7): one for each command of `netnsd`, one for its configuration file, one for netnsd-runc. */

const escape = (text) => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^(['.])/gm, '\\&$1');
const bold = (text) => `\\fB${escape(text)}\\fR`;
const italic = (text) => `\\fI${escape(text)}\\fR`;
/** Text in which code stands between backquotes. */
const prose = (text) => text.split('`').map((part, index) => (index % 2 ? bold(part) : escape(part))).join('');
const pageOf = (words) => words.join('-');

function header(name, section, version) {
  return `.TH ${name.toUpperCase().replaceAll('-', '\\-')} ${section} "" "netnsd ${version}" "netnsd manual"`;
}

function synopsis({ words, options, operands, commands }) {
  const takes = [...(options.length > 0 ? [`[${italic('OPTION')}...]`] : []), ...(commands.length > 0 ? [`${italic('COMMAND')} ...`] : [])];
  const named = operands.map(({ name, required, variadic }) => {
    const word = `${italic(name)}${variadic ? '...' : ''}`;
    return required ? word : `[${word}]`;
  });
  return [bold(words.join(' ')), ...takes, ...named].join(' ');
}

function optionLines({ long, short, takes, choices, description }) {
  const value = takes === undefined ? '' : ` ${italic(takes)}`;
  const allowed = choices.length > 0 ? ` Allowed: ${choices.join(', ')}.` : '';
  return ['.TP', `${short === undefined ? '' : `${bold(short)}, `}${bold(long)}${value}`, `${prose(description + (/[.]$/.test(description) ? '' : '.'))}${escape(allowed)}`];
}

/** The page of one command, and the pages that it names. */
function commandPage(command, version) {
  const { words, summary, description, options, operands, examples, commands } = command;
  const section = (title, lines) => (lines.length > 0 ? [`.SH ${title}`, ...lines] : []);
  const described = operands.filter((operand) => operand.description);
  const others = words.length === 1 ? ['netnsd\\-runc(1)', 'netnsd.toml(5)'] : [`${escape(pageOf(words.slice(0, -1)))}(1)`, 'netnsd.toml(5)'];
  return [
    header(pageOf(words), 1, version),
    '.SH NAME',
    `${escape(pageOf(words))} \\- ${escape(summary.replace(/[.]$/, ''))}`,
    '.SH SYNOPSIS',
    synopsis(command),
    '.SH DESCRIPTION',
    prose(description),
    ...section('COMMANDS', commands.filter(({ words }) => words.at(-1) !== 'help').flatMap((one) => ['.TP', `${bold(one.words.at(-1))}`, `${prose(one.summary)}; see ${escape(pageOf(one.words))}(1).`])),
    ...section('OPERANDS', described.flatMap((one) => ['.TP', italic(one.name), prose(one.description)])),
    ...section('OPTIONS', options.flatMap(optionLines)),
    ...section('EXIT STATUS', ['0 on success, 1 on failure, 2 on wrong usage. Errors are one line on standard error.']),
    ...section('EXAMPLES', examples.flatMap(({ call, meaning }) => ['.TP', bold(call), prose(meaning)])),
    ...section('SEE ALSO', [others.join(', ')]),
    '',
  ].join('\n');
}

function configurationPage(tables, version) {
  const keys = tables.flatMap(({ prefix, keys }) =>
    keys.flatMap(({ name, type, initial, meaning }) => ['.TP', `${bold(prefix + name)} (${escape(type)}, default ${prose(initial)})`, prose(meaning)]),
  );
  return [
    header('netnsd.toml', 5, version),
    '.SH NAME',
    'netnsd.toml \\- configuration of the daemon of netnsd',
    '.SH SYNOPSIS',
    bold('/etc/netnsd/netnsd.toml'),
    '.SH DESCRIPTION',
    'TOML. Without the file, the daemon serves one pool, default, on 10.213.0.0/16. Unknown keys and bad values are refused with file, line and key.',
    'A pool is a table [pools.NAME]; see also the examples in /usr/share/doc/netnsd.',
    '.SH KEYS',
    ...keys,
    '.SH SEE ALSO',
    'netnsd\\-serve(1)',
    '',
  ].join('\n');
}

function runcPage(version) {
  return [
    header('netnsd-runc', 1, version),
    '.SH NAME',
    'netnsd\\-runc \\- OCI runtime that gives containers leased network namespaces',
    '.SH SYNOPSIS',
    `${bold('netnsd-runc')} ${italic('ARGUMENT')}...`,
    '.SH DESCRIPTION',
    'Takes the place of runc or crun, with the same arguments. It leases a network namespace before a container is created, writes its path into the bundle, executes the real runtime, and releases the lease after the container was deleted. Settings are in /etc/netnsd/runc.conf.',
    '.SH SEE ALSO',
    'netnsd(1), runc(8)',
    '',
  ].join('\n');
}

/** All pages by file name. */
export function manualPages({ commands, tables, version }) {
  const pages = commands.filter(({ words }) => words.at(-1) !== 'help').map((one) => [`man1/${pageOf(one.words)}.1`, commandPage(one, version)]);
  return Object.fromEntries([...pages, ['man1/netnsd-runc.1', runcPage(version)], ['man5/netnsd.toml.5', configurationPage(tables, version)]]);
}
