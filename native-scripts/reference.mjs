/** The tables of docs/reference.md that follow from the code; read from dist/, so build first. */
import { createApi } from '../dist/src/api/index.js';
import * as schemas from '../dist/src/api/schemas/index.js';
import { buildProgram } from '../dist/src/cli/program.js';
import { ERROR_CODES } from '../dist/src/errors.js';

const BODIES = ['AcquireSchema', 'RenewSchema', 'ResizeSchema', 'PatchBundleSchema', 'GraftSchema', 'DnsFilesRequestSchema', 'ReconcileSchema'];

function cell(text) {
  return String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Every command that does something, groups such as `netnsd pool` left out. */
export function commandTable() {
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

export function errorTable() {
  const rows = Object.entries(ERROR_CODES).map(([code, { status, meaning }]) => [`\`${code}\``, status, meaning]);
  return table(['code', 'status', 'meaning'], rows);
}

/** What a client may send: a row a field, out of the schemas by which requests are validated. */
export function bodyTable() {
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
export async function apiTable() {
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
