import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { debuglog } from 'node:util';
import v8 from 'node:v8';
import vm from 'node:vm';

const debug = debuglog('netnsd');
/** native-scripts/bundle.mjs ends each file with this and the hash of what stands before. */
const MARK = '\n//# netnsd=';
const ID_BYTES = 64;

/**
 * Runs a bundled CommonJS file, and returns what it exports. If the code that V8 made of it was kept by `keepCode`, it is not compiled again, which takes
 * longer than all else in a start of the daemon. V8 refuses what another version of it made, or was made with other flags; what
 * belongs to other source text is refused here. In both cases the file is compiled as ever.
 */
export function runCode(file: string): unknown {
  const require = createRequire(file);
  const kept = process.sourceMapsEnabled ? undefined : readKept(file);
  // Node.js applies source maps only to what it loads itself.
  if (kept === undefined) {
    debug('%s: no code is kept of it', file);
    return require(file);
  }
  const script = new vm.Script(wrap(kept.source), { filename: file, cachedData: kept.code });
  debug('%s: the code that was kept is %s', file, script.cachedDataRejected ? 'refused' : 'used');
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, file, dirname(file));
  return module.exports;
}

/** Keeps the code of all functions of `file`, beside it. To be called with the flags of V8 that `runCode` will meet. */
export function keepCode(file: string): void {
  const source = readFileSync(file, 'latin1');
  const id = idOf(source);
  if (id === undefined) throw new Error(`${file} was not made by native-scripts/bundle.mjs`);
  // Otherwise V8 compiles a function when it is first called. The flag has the same value as before when the code is taken.
  v8.setFlagsFromString('--no-lazy');
  const script = new vm.Script(wrap(source), { filename: file });
  v8.setFlagsFromString('--lazy');
  writeFileSync(`${file}.cache.new`, Buffer.concat([Buffer.from(id, 'latin1'), script.createCachedData()]));
  renameSync(`${file}.cache.new`, `${file}.cache`);
}

function readKept(file: string): { source: string; code: Buffer } | undefined {
  let cache: Buffer;
  try {
    cache = readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
  // The bundle is ASCII: a string of bytes is half the size, and nothing has to be decoded.
  const source = readFileSync(file, 'latin1');
  if (cache.length <= ID_BYTES || cache.toString('latin1', 0, ID_BYTES) !== idOf(source)) return undefined;
  return { source, code: cache.subarray(ID_BYTES) };
}

function idOf(source: string): string | undefined {
  const end = source.slice(-(MARK.length + ID_BYTES + 1));
  return end.startsWith(MARK) ? end.slice(MARK.length, -1) : undefined;
}

/** As Node.js wraps a CommonJS file; on one line with it, so that lines keep their numbers. */
function wrap(source: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
}
