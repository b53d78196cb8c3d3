import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's native programs; tests run from dist/test/native. */
const NATIVE_SCRIPTS = fileURLToPath(new URL('../../../native-scripts/', import.meta.url));

function requireTool(tool: string, debianPackage: string): void {
  const found = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(`${folder}/${tool}`));
  if (!found) throw new Error(`${tool} is missing: install the Debian package ${debianPackage}`);
}

/** `make -C native-scripts TARGET`, with its output; throws with that output if it fails. */
export function make(target: string): string {
  requireTool('make', 'make');
  requireTool('gcc', 'gcc (and libc6-dev)');
  try {
    // One at a time: test files run side by side.
    const args = [NATIVE_SCRIPTS, 'make', '-C', NATIVE_SCRIPTS, target];
    return execFileSync('flock', args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`make ${target} failed: ${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}

/** Builds netnsd-runc and returns its path; `sanitized`: the one that ends with a report at any memory error. */
export function program(options: { sanitized: boolean } = { sanitized: false }): string {
  const path = `${NATIVE_SCRIPTS}build/netnsd-runc${options.sanitized ? '-asan' : ''}`;
  make(path);
  return path;
}

/** The same of the native program netnsd. */
export function frontProgram(options: { sanitized: boolean }): string {
  const path = `${NATIVE_SCRIPTS}build/netnsd${options.sanitized ? '-asan' : ''}`;
  make(path);
  return path;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What stdin holds before it ends; null leaves it open and silent. */
  readonly input?: string | Buffer | null;
  readonly stdio?: SpawnOptions['stdio'];
  /** Told the process as soon as it runs. */
  readonly onStart?: (pid: number) => void;
}

/** Runs a program to its end. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(file, args, { env: options.env, cwd: options.cwd, stdio: options.stdio ?? 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.on('error', () => {}); // A program that ends without reading all of its stdin is no failure.
  if (options.input !== null) child.stdin?.end(options.input ?? '');
  if (child.pid !== undefined) options.onStart?.(child.pid);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      child.stdin?.destroy();
      resolve({ status, signal, stdout, stderr });
    });
  });
}
