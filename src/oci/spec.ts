import jsonc, { type Node, type ParseError } from 'jsonc-parser';
import { NetnsdError } from '../errors.js';

/** What netnsd looks at in a spec (OCI runtime spec, config-linux.md); all the rest is kept as it stands. */
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

/** A spec, and the tree of the text that it was read from, for edits. */
export interface ParsedSpec {
  readonly spec: Spec;
  readonly tree: Node;
}

/** Parses the text of a config.json; throws `bundle_invalid` with line and column where it is no JSON, or not a spec for Linux. */
export function parseSpec(text: string, path: string): ParsedSpec {
  const tree = parseTree(text, path);
  if (tree.type !== 'object') throw invalid(path, 'it is not a JSON object: run `runc spec` for a new one');
  refuseAmbiguity(tree, text, path);
  let spec: { linux?: { namespaces?: unknown } };
  try {
    spec = JSON.parse(text);
  } catch (error) {
    throw invalid(path, `it is no valid JSON: ${(error as Error).message}`, error);
  }
  const namespaces = spec.linux?.namespaces;
  if (namespaces === undefined) {
    throw invalid(path, 'it has no linux.namespaces: is it a spec for Linux? `runc spec` makes one');
  }
  if (!Array.isArray(namespaces)) throw invalid(path, 'linux.namespaces is not an array');
  if (!namespaces.every(isNamespaceEntry)) {
    throw invalid(path, 'linux.namespaces holds an entry that is no {"type": …, "path": …}');
  }
  return { spec: spec as Spec, tree };
}

function isNamespaceEntry(entry: unknown): entry is NamespaceEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { type, path } = entry as Record<string, unknown>;
  return typeof type === 'string' && (path === undefined || typeof path === 'string');
}

function parseTree(text: string, path: string): Node {
  const errors: ParseError[] = [];
  let tree: Node | undefined;
  try {
    tree = jsonc.parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    if (error instanceof RangeError) throw invalid(path, 'it is nested too deeply', error);
    throw error;
  }
  const [first] = errors;
  if (tree === undefined || first !== undefined) {
    const reason = first === undefined ? 'empty' : jsonc.printParseErrorCode(first.error);
    throw invalid(path, `it is no valid JSON: ${reason} at ${position(text, first?.offset ?? 0)}`);
  }
  return tree;
}

/**
 * Where a name occurs twice, or in other case, runtimes differ in which they take (Go's ignore case, and the last one
 * wins): which place to edit would be a guess, so neither is.
 */
function refuseAmbiguity(tree: Node, text: string, path: string): void {
  const linux = properties(tree).filter(named('linux'));
  const namespaces = linux.flatMap(([, node]) => properties(node)).filter(named('namespaces'));
  const entries = namespaces.flatMap(([, node]) => node.children ?? []).map(properties);
  const [mounts, annotations] = [
    properties(tree).filter(named('mounts')),
    properties(tree).filter(named('annotations')),
  ];
  const groups = [
    linux,
    namespaces,
    mounts,
    annotations,
    ...entries.map((entry) => entry.filter(named('type', 'path'))),
  ];
  for (const group of groups) {
    for (const [index, [name, node]] of group.entries()) {
      const folded = fold(name);
      const isRepeated = group.slice(0, index).some(([earlier]) => fold(earlier) === folded);
      if (!isRepeated && name === folded) continue;
      const where = position(text, node.offset);
      if (isRepeated) throw invalid(path, `it has ${JSON.stringify(name)} twice (${where}): remove one of them`);
      throw invalid(path, `write ${JSON.stringify(name)} as ${JSON.stringify(folded)} (${where})`);
    }
  }
}

function properties(node: Node): [string, Node][] {
  if (node.type !== 'object') return [];
  return (node.children ?? []).map(({ children = [] }) => [children[0]?.value as string, children[1] as Node]);
}

function named(...names: string[]) {
  return ([name]: [string, Node]) => names.includes(fold(name));
}

/** As Go's encoding/json compares names: in upper case first, for the long s (U+017F). */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function position(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function invalid(path: string, reason: string, cause?: unknown): NetnsdError {
  return new NetnsdError('bundle_invalid', `cannot use ${path}: ${reason}`, { details: { path }, cause });
}
