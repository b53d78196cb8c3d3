import { STATUS_CODES } from 'node:http';
import { PROBLEM_TYPE } from './problem.js';
import {
  type ApiPatchBundle,
  type ApiPatchedBundle,
  type ApiProblem,
  ContainerParamsSchema,
  PatchBundleSchema,
} from './schemas/index.js';

/** A request of netnsd-runc's. */
export type Asked = { readonly headers: Readonly<Record<string, string>> } & (
  | { readonly kind: 'patch'; readonly body: ApiPatchBundle }
  | { readonly kind: 'release'; readonly containerId: string; readonly force: boolean }
);

/** What native-scripts/netnsd-runc/daemon.c writes, and nothing else. */
const HEAD = new RegExp(
  [
    '^(?:POST (/v1/oci/patch)|DELETE /v1/containers/([^/?% ]+)/lease(\\?force=true)?) HTTP/1\\.1',
    'Host: netnsd',
    'User-Agent: netnsd-runc',
    'Accept: application/json',
    '(?:Netnsd-Runtime-Root: ([^\r\n]*)',
    ')?(?:Content-Type: application/json',
    'Content-Length: (\\d{1,5})',
    ')?',
    '',
  ].join('\r\n'),
);

/** The request that is all of this packet; null for anything that is not just that, or not valid: it is for others to answer. */
export function readShortcut(packet: Buffer): Asked | null {
  const text = packet.toString('latin1');
  const match = HEAD.exec(text);
  if (match === null) return null;
  const [head, patch, id = '', force, root, length = '0'] = match;
  const headers: Record<string, string> = root === undefined ? {} : { 'netnsd-runtime-root': root };
  const body = text.slice(head.length);
  if (body.length !== Number(length)) return null;
  if (patch !== undefined) {
    const wanted = readBody(body);
    return wanted === null ? null : { kind: 'patch', body: wanted, headers };
  }
  if (body !== '' || !fits(id, TEXTS.containerId)) return null;
  return { kind: 'release', containerId: id, force: force !== undefined, headers };
}

interface Text {
  readonly minLength: number;
  readonly maxLength: number;
  readonly pattern: RegExp;
}

/** A schema of a text, as it is. */
const textOf = (schema: object): Text => {
  const { minLength = 0, maxLength = 0, pattern = '' } = schema as Partial<Record<keyof Text, never>>;
  return { minLength, maxLength, pattern: new RegExp(pattern, 'u') };
};
const { bundle, pool, tenant } = PatchBundleSchema.properties;
const { containerId } = ContainerParamsSchema.properties;
/** The fields that netnsd-runc sends, by the schemas that hold for everybody. */
const TEXTS: Readonly<Record<string, Text>> = {
  bundle: textOf(bundle),
  containerId: textOf(containerId),
  pool: textOf(pool),
  tenant: textOf(tenant),
};
/** Where a character is a byte, lengths need no thought. */
const ASCII = /^[\x20-\x7e]*$/;

function readBody(text: string): ApiPatchBundle | null {
  if (!ASCII.test(text)) return null;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const fields = Object.entries(body);
  if (!fields.every(([name, value]) => Object.hasOwn(TEXTS, name) && fits(value, TEXTS[name]))) return null;
  return 'bundle' in body && 'containerId' in body ? (body as ApiPatchBundle) : null;
}

function fits(value: unknown, text: Text | undefined): boolean {
  if (typeof value !== 'string' || text === undefined) return false;
  return value.length >= text.minLength && value.length <= text.maxLength && text.pattern.test(value);
}

export const NO_CONTENT = 'HTTP/1.1 204 No Content\r\n\r\n';

/** An answer as Node's server would send it, less what nobody reads. */
export function answerText(document: ApiPatchedBundle | ApiProblem): string {
  const isProblem = 'status' in document;
  const status = isProblem ? document.status : 200;
  const type = isProblem ? PROBLEM_TYPE : 'application/json; charset=utf-8';
  // Only the details of a problem may hold what JSON has no form for.
  const text = isProblem ? JSON.stringify(document, bigIntsAsText) : JSON.stringify(document);
  const length = Buffer.byteLength(text);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${text}`;
}

function bigIntsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
