/** The example of /etc/netnsd/netnsd.toml: every key with its meaning, as a comment, so that the file as it is changes nothing. */

const WIDTH = 100;

function wrap(text) {
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines.splice(-1, 1, `${last} ${word}`);
    else lines.push(`# ${word}`);
  }
  return lines;
}

function value({ initialValue, type }) {
  if (initialValue === null || initialValue === undefined) return { string: '""', integer: '1024', boolean: 'false', 'array of strings': '[]', 'integer or string': '1024' }[type];
  return JSON.stringify(initialValue);
}

export function exampleConfiguration(tables) {
  return [
    '# The configuration of netnsd, netnsd.toml(5). Copy it to /etc/netnsd/netnsd.toml and remove the # of what you set.',
    ...tables.flatMap(({ prefix, keys }) => [
      ...(prefix === '' ? [] : ['', `#[${prefix.replace(/[.]$/, '').replace('NAME', 'default')}]`]),
      ...keys.flatMap((key) => ['', ...wrap(`${key.meaning} Default: ${key.initial}.`.replaceAll('`', '')), `#${key.name} = ${value(key)}`]),
    ]),
    '',
  ].join('\n');
}
