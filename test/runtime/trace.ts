import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** One system call, as strace(1) printed it. */
export interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: string;
}

/** A command before another that has all its threads' system calls written down in a folder; `callsIn` reads them. */
export function tracing(): { wrapper: string[]; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  // Without what the test runner has Node.js load, which writes files of its own.
  return {
    folder,
    wrapper: [
      'env',
      '-u',
      'NODE_OPTIONS',
      'strace',
      '-D',
      '-ff',
      '-qq',
      '-y',
      '-s',
      '4096',
      '-o',
      join(folder, 'thread'),
    ],
  };
}

/** The calls of each thread, in its own order. */
export function callsIn(folder: string): Call[][] {
  return readdirSync(folder).map((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, call, args = '', result = ''] = /^(\w+)\((.*?)\) += (.*)$/s.exec(line) ?? [];
        return call === undefined ? [] : [{ name: call, args, result }];
      }),
  );
}

/** Calls that change a file system by name, with the positions of those of their paths that are changed. */
const CHANGES: Readonly<Record<string, readonly number[]>> = {
  creat: [0],
  rename: [0, 1],
  renameat: [0, 1],
  renameat2: [0, 1],
  link: [1],
  linkat: [1],
  symlink: [1],
  symlinkat: [1],
  unlink: [0],
  unlinkat: [0],
  mkdir: [0],
  mkdirat: [0],
  rmdir: [0],
  mknod: [0],
  mknodat: [0],
  truncate: [0],
  chmod: [0],
  fchmodat: [0],
  chown: [0],
  lchown: [0],
  fchownat: [0],
  utime: [0],
  utimes: [0],
  utimensat: [0],
  futimesat: [0],
  setxattr: [0],
  lsetxattr: [0],
  removexattr: [0],
  mount: [1],
  umount2: [0],
  bind: [0],
};

/**
 * Every path that the calls changed or opened to be changed, as the kernel resolved it where a descriptor is in between.
 * Failed calls count as well: they tried.
 */
export function changedPaths(threads: readonly Call[][], cwd: string): string[] {
  const changed = new Set<string>();
  for (const calls of threads) {
    const folders = new Map<string, string>();
    const absolute = (path: string): string => {
      const [, fd = '', rest = ''] = /^\/proc\/self\/fd\/(\d+)(\/.*)?$/.exec(path) ?? [];
      const folder = folders.get(fd);
      return resolve(cwd, folder === undefined ? path : `${folder}${rest}`);
    };
    for (const { name, args, result } of calls) {
      const paths = [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, path]) => plain(path as string));
      if (name === 'open' || name === 'openat' || name === 'openat2') {
        const [, fd, opened] = /^(\d+)<(.*)>$/.exec(result) ?? [];
        if (fd !== undefined && opened !== undefined) folders.set(fd, opened);
        if (/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE/.test(args)) {
          changed.add(opened ?? absolute(paths[0] ?? ''));
        }
      } else if (name in CHANGES && !(name === 'bind' && !args.includes('sun_path="'))) {
        for (const position of CHANGES[name] ?? []) {
          const path = paths[position];
          if (path !== undefined) changed.add(absolute(path));
        }
      }
    }
  }
  return [...changed].sort();
}

/** The octal and other escapes of strace's strings, which are C's. */
function plain(text: string): string {
  return text.replace(/\\(?:([0-7]{1,3})|(.))/g, (_, octal, letter) =>
    octal === undefined
      ? ({ n: '\n', t: '\t' }[letter as string] ?? letter)
      : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
