import jsonc, { type ParseError } from 'jsonc-parser';
import { NetnsdError } from '../errors.js';
import { elementsOf, type Member, ObjectText } from './json-text.js';

/** The parts of a spec that netnsd reads (OCI runtime spec, config-linux.md). */
export interface Spec {
  readonly process?: { readonly capabilities?: Partial<Record<CapabilitySet, readonly string[]>> };
  readonly mounts?: readonly { destination?: string; type?: string; source?: string; options?: readonly string[] }[];
  readonly hooks?: Record<string, readonly unknown[]>;
  readonly annotations?: Record<string, string>;
  readonly hostname?: string;
  readonly linux: {
    readonly namespaces: readonly NamespaceEntry[];
    readonly sysctl?: Record<string, string>;
    readonly readonlyPaths?: readonly string[];
    readonly maskedPaths?: readonly string[];
    readonly netDevices?: Record<string, unknown>;
  };
}
export interface BindMount {
  readonly destination: string;
  readonly type: 'bind';
  readonly source: string;
  readonly options: readonly string[];
}
export interface NamespaceEntry {
  readonly type: string;
  readonly path?: string;
}
export type CapabilitySet = 'bounding' | 'effective' | 'permitted' | 'inheritable' | 'ambient';

/** A spec, and the positions in its text of the parts that are edited. */
export interface ParsedSpec {
  readonly spec: Spec;
  readonly root: ObjectText;
  /** The entries of `linux.namespaces`, in their order. */
  readonly namespaces: readonly ObjectText[];
}

/** Parses a config.json. Throws `bundle_invalid`, with line and column if it is not JSON, or if it is not a spec for Linux. */
export function parseSpec(text: string, path: string): ParsedSpec {
  const spec = parseJson(text, path) as { linux?: { namespaces?: unknown } } | null;
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec))
    throw invalid(path, 'it is not a JSON object: `runc spec` creates a new one');
  const { root, namespaces: entries } = placesIn(text, path);
  const namespaces = spec.linux?.namespaces;
  if (namespaces === undefined) {
    throw invalid(path, 'it has no linux.namespaces, so it is not a spec for Linux: `runc spec` creates one');
  }
  if (!Array.isArray(namespaces)) throw invalid(path, 'linux.namespaces is not an array');
  if (!namespaces.every(isNamespaceEntry)) {
    throw invalid(path, 'an entry of linux.namespaces is not {"type": …, "path": …}');
  }
  return { spec: spec as Spec, root, namespaces: entries };
}

const TOO_DEEP = 'it is nested too deeply';

function isNamespaceEntry(entry: unknown): entry is NamespaceEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { type, path } = entry as Record<string, unknown>;
  return typeof type === 'string' && (path === undefined || typeof path === 'string');
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(path, explain(text, error as Error), error);
  }
}

/** Why and where a text is not JSON, from a parser that continues after an error. */
function explain(text: string, cause: Error): string {
  const errors: ParseError[] = [];
  try {
    jsonc.parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP;
    throw error;
  }
  const [first] = errors;
  if (first === undefined) return `it is not valid JSON: ${text === '' ? 'empty at line 1, column 1' : cause.message}`;
  return `it is not valid JSON: ${jsonc.printParseErrorCode(first.error)} at ${position(text, first.offset)}`;
}

/**
 * Refuses a name that occurs twice or in another case: runtimes differ in which one they use (Go ignores case, and the last
 * one wins), so there is no safe place to edit.
 */
function placesIn(text: string, path: string): Omit<ParsedSpec, 'spec'> {
  try {
    const root = ObjectText.root(text);
    const linux = single(root, TOP_NAMES, path).get('linux');
    const list = linux && single(new ObjectText(text, linux.value), LINUX_NAMES, path).get('namespaces');
    const namespaces = list === undefined ? [] : elementsOf(text, list.value).map((span) => new ObjectText(text, span));
    for (const entry of namespaces) single(entry, ENTRY_NAMES, path);
    return { root, namespaces };
  } catch (error) {
    if (error instanceof RangeError) throw invalid(path, TOO_DEEP, error);
    throw error;
  }
}

/** Compared as Go's encoding/json does: in any case, with the long s (U+017F) for an s. */
const TOP_NAMES = /^(?:linux|mounts|annotations)$/iu;
const LINUX_NAMES = /^namespaces$/iu;
const ENTRY_NAMES = /^(?:type|path)$/iu;

/** The members with these names. Throws if one occurs twice, or in another case. */
function single({ text, members }: ObjectText, names: RegExp, path: string): Map<string, Member> {
  const found = new Map<string, Member>();
  for (const member of members) {
    const { name } = member;
    if (!names.test(name)) continue;
    const folded = name.toUpperCase().toLowerCase();
    const where = (): string => position(text, member.value.start);
    if (found.has(folded)) throw invalid(path, `it has ${JSON.stringify(name)} twice (${where()}): remove one of them`);
    if (name !== folded) throw invalid(path, `write ${JSON.stringify(name)} as ${JSON.stringify(folded)} (${where()})`);
    found.set(folded, member);
  }
  return found;
}

function position(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function invalid(path: string, reason: string, cause?: unknown): NetnsdError {
  return new NetnsdError('bundle_invalid', `cannot use ${path}: ${reason}`, { details: { path }, cause });
}
