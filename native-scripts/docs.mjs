/**
 * The parts of README.md that follow from the code: commands, configuration, API and errors. Prints nothing and changes
 * nothing where README.md says what the code says.
 *
 *   node native-scripts/docs.mjs            writes them into README.md
 *   node native-scripts/docs.mjs --check    only says which of them are out of date; status 1 if any is
 *
 * `npm run docs` builds first: what is read here is dist/.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createApi } from '../dist/src/api/index.js';
import * as schemas from '../dist/src/api/schemas/index.js';
import { buildProgram } from '../dist/src/cli/program.js';
import { renderKeyTable } from '../dist/src/config/index.js';
import { ERROR_CODES } from '../dist/src/errors.js';
import { replaceBlock } from './markdown-block.mjs';

const README = new URL('../README.md', import.meta.url);
const BODIES = ['AcquireSchema', 'RenewSchema', 'ResizeSchema', 'PatchBundleSchema', 'GraftSchema', 'DnsFilesRequestSchema', 'ReconcileSchema'];

function cell(text) {
  return String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Every command that does something, groups such as `netnsd pool` left out. */
function commandTable() {
  const program = buildProgram({ stdout: process.stdout, stderr: process.stderr, env: {}, version: '' });
  const rows = [];
  const visit = (command, path) => {
    const children = command.commands.filter((child) => child.name() !== 'help');
    for (const child of children) visit(child, [...path, child.name()]);
    if (children.length > 0) return;
    const words = command.registeredArguments.map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    });
    const options = command.options.map(({ flags }) => `\`${flags}\``).join(' ');
    rows.push([`\`${[...path, ...words].join(' ')}\``, `${command.description()}`, options || '-']);
  };
  visit(program, ['netnsd']);
  return table(['command', 'what it does', 'options'], rows);
}

function errorTable() {
  const rows = Object.entries(ERROR_CODES).map(([code, { status, meaning }]) => [`\`${code}\``, status, meaning]);
  return table(['code', 'status', 'meaning'], rows);
}

/** What a client may send: a row a field, out of the schemas by which requests are validated. */
function bodyTable() {
  const rows = BODIES.flatMap((name) => {
    const { title, properties, required = [] } = schemas[name];
    return Object.entries(properties).map(([field, schema]) => [
      title,
      `\`${field}\`${required.includes(field) ? '' : '?'}`,
      schema.type,
      [schema.description, bounds(schema)].filter(Boolean).join(' '),
    ]);
  });
  return table(['request', 'field', 'type', 'meaning'], rows);
}

function bounds({ minimum, exclusiveMinimum, maximum, minLength, maxLength, pattern }) {
  const parts = [];
  if (minimum !== undefined || exclusiveMinimum !== undefined) parts.push(minimum === undefined ? `more than ${exclusiveMinimum}` : `from ${minimum}`);
  if (maximum !== undefined) parts.push(`to ${maximum}`);
  if (maxLength !== undefined) parts.push(`${minLength ?? 0} to ${maxLength} characters`);
  if (pattern !== undefined) parts.push(`fitting \`${pattern}\``);
  return parts.length === 0 ? '' : `Allowed: ${parts.join(' ')}.`;
}

/** The routes of the very document that the daemon answers `GET /openapi.json` with. */
async function apiTable() {
  const nothing = () => [];
  const service = { acquire: nothing, release: nothing, lease: nothing, leases: nothing, status: nothing, poolStatus: nothing, resize: nothing, subscribe: nothing };
  const app = await createApi({ service, log: { debug() {}, info() {}, error() {} }, version: '', startedAt: 0, patchBundle: nothing, graftContainer: nothing, dnsFiles: nothing, reconcile: nothing });
  await app.ready();
  const { paths } = (await app.inject('/openapi.json')).json();
  await app.close();
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { summary, requestBody }]) => {
      if (method === 'head') return [];
      const body = requestBody?.content?.['application/json']?.schema?.title ?? '';
      return [[`\`${method.toUpperCase()} ${path}\``, `${summary}.`, body || '-']];
    }),
  );
  return table(['route', 'what it does', 'body'], rows);
}

const text = readFileSync(README, 'utf8');
const blocks = {
  commands: commandTable(),
  configuration: renderKeyTable(),
  api: await apiTable(),
  bodies: bodyTable(),
  errors: errorTable(),
};
let next = text;
const stale = [];
for (const [name, content] of Object.entries(blocks)) {
  const replaced = replaceBlock(next, name, content);
  if (replaced !== next) stale.push(name);
  next = replaced;
}
if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    console.error(`README.md is not what the code says: ${stale.join(', ')}; run \`npm run docs\``);
    process.exitCode = 1;
  }
} else if (stale.length > 0) {
  writeFileSync(README, next);
  console.log(`README.md: ${stale.join(', ')} written anew`);
}
