import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DONE_ANYWAY, FILE_ERRNOS } from './errnos.js';
import { die, errnoNumber, generalName, type Points, stall } from './points.js';
import { REAL } from './real-files.js';

type Call = (...args: unknown[]) => unknown;

/**
 * Makes points of the synchronous file calls of this thread, from every module and under every name, where they
 * concern a watched path or a descriptor that was opened by one.
 */
export function wrapFileCalls(points: Points): void {
  const names = new Map<number, string>();
  const table = fs as unknown as Record<string, Call>;
  for (const [name, errnos] of Object.entries(FILE_ERRNOS)) {
    const call = REAL[name] as Call;
    table[name] = (...args) => {
      const file = typeof args[0] === 'number' ? names.get(args[0]) : watchedName(points, args[0]);
      if (file === undefined) return call(...args);
      const result = act(points, { name, errnos, file, call: () => call(...args) });
      if (name === 'openSync') names.set(result as number, file);
      if (name === 'closeSync') names.delete(args[0] as number);
      return result;
    };
  }
  table.writeFileSync = (...args) => writeFile(points, args);
  syncBuiltinESMExports();
}

/** In three steps, as Node.js does it inside, so that it can be cut short between them. */
function writeFile(points: Points, [path, data, options]: unknown[]): unknown {
  const real = REAL.writeFileSync as Call;
  if (watchedName(points, path) === undefined) return real(path, data, options);
  const { mode = 0o666, flag = 'w' } =
    typeof options === 'object' && options !== null ? (options as fs.WriteFileOptions & object) : {};
  const fd = fs.openSync(path as string, flag as string, mode as number);
  try {
    fs.writeSync(fd, data as string);
  } finally {
    fs.closeSync(fd);
  }
  return undefined;
}

function act(
  points: Points,
  file: { name: string; errnos: readonly string[]; file: string; call: () => unknown },
): unknown {
  const fault = points.enter(`${file.name} ${file.file}`, file.errnos);
  if (fault === undefined) return file.call();
  if (fault.act === 'kill before') die();
  if (fault.act === 'delay') stall(fault.delayMs);
  if (fault.act === 'fail' && !DONE_ANYWAY.includes(file.name)) throw fileError(file, fault.errno);
  const result = file.call();
  if (fault.act === 'kill after') die();
  if (fault.act === 'fail' || fault.act === 'lose') throw fileError(file, fault.errno);
  return result;
}

function fileError({ name, file }: { name: string; file: string }, code: string): Error {
  const syscall = name.replace(/Sync$/, '');
  const error = new Error(`${code}: injected, ${syscall} '${file}'`);
  return Object.assign(error, { code, errno: -errnoNumber(code), syscall, path: file });
}

function watchedName(points: Points, path: unknown): string | undefined {
  if (typeof path !== 'string') return undefined;
  if (path.startsWith('/proc/')) return generalName(path);
  const at = points.paths.findIndex((folder) => path === folder || path.startsWith(`${folder}/`));
  if (at < 0) return undefined;
  const folder = points.paths[at] as string;
  return generalName(`${at === 0 ? '~' : folder}${path.slice(folder.length)}`);
}
