import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { NetnsdError } from '../../errors.js';

/** A program that a suite starts, and the Debian package that holds it. */
export interface Tool {
  readonly name: string;
  readonly package: string;
  /** Where it is not looked up on PATH. */
  readonly path?: string;
}

const BASE: readonly Tool[] = [
  { name: 'unshare', package: 'util-linux' },
  { name: 'setpriv', package: 'util-linux' },
  { name: 'mount', package: 'mount' },
  { name: 'make', package: 'make' },
  { name: 'cc', package: 'gcc' },
];

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program on PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Throws `missing_privilege` or `missing_tool`; the latter names every missing program with its package. */
export function requirePrerequisites(tools: readonly Tool[]): void {
  if (process.getuid?.() !== 0) {
    throw new NetnsdError('missing_privilege', 'netnsd bench makes namespaces and mounts: run it as root');
  }
  const missing = [...BASE, ...tools].filter(({ name, path }) =>
    path === undefined ? findProgram(name) === undefined : !isExecutable(path),
  );
  if (missing.length === 0) return;
  const names = missing.map((tool) => `${tool.path ?? tool.name} (Debian package ${tool.package})`).join(', ');
  throw new NetnsdError(
    'missing_tool',
    `this benchmark needs ${names}: install it, or leave that peer out with --peers`,
  );
}
