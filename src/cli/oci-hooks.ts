import { accessSync, constants, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { NetnsdError } from '../errors.js';
import { DEFAULT_STATE_DIR, type PathOptions, resolvePaths, SOCKET_NAME } from './paths.js';

const PROGRAM = 'netnsd-runc';

export interface HooksOptions extends PathOptions {
  readonly program?: string;
  readonly hooksD?: string;
  readonly always?: true;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The hooks as JSON for a spec; with a hooks directory, the paths of the files that were written there. */
export async function makeHooks(options: HooksOptions, env: Env): Promise<string> {
  // Loaded by this command only.
  const { HOOK_STAGES, hooksDirectoryFile, specHooks } = await import('../oci/hooks.js');
  const { socketPath } = resolvePaths(options, env);
  const isDefault = socketPath === join(DEFAULT_STATE_DIR, SOCKET_NAME);
  const hook = { program: findProgram(options.program, env), socketPath: isDefault ? null : socketPath };
  const { hooksD, always = false } = options;
  if (hooksD === undefined) return `${JSON.stringify(specHooks(hook), null, 2)}\n`;
  const written = HOOK_STAGES.map((stage) => {
    const { name, text } = hooksDirectoryFile(stage, { ...hook, always });
    return write(join(resolve(hooksD), name), text);
  });
  return `${written.join('\n')}\n`;
}

/** An absolute path, since runtimes run hooks from any folder. `named` need not exist: the JSON may be for another machine. */
function findProgram(named: string | undefined, env: Env): string {
  if (named !== undefined) return resolve(named);
  const folders = (env.PATH ?? '').split(':').filter((folder) => isAbsolute(folder));
  const found = folders.map((folder) => join(folder, PROGRAM)).find(isExecutable);
  if (found !== undefined) return found;
  throw new NetnsdError('missing_tool', `${PROGRAM} is not on PATH: install it, or give its path with --program`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Written by a rename: Podman watches the directory for `*.json` and must not read half a file. */
function write(path: string, text: string): string {
  const temporary = `${path}.new`;
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: 0o644, flag: 'wx' });
    renameSync(temporary, path);
    return path;
  } catch (error) {
    rmSync(temporary, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'the directory does not exist' : message;
    throw new NetnsdError('bad_usage', `cannot write ${path}: ${reason}`, { cause: error });
  }
}
