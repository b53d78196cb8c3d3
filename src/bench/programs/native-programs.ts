import { packagePath } from '../../version.js';
import { runProcess } from './run-process.js';

const SOURCES = packagePath('native-scripts/');

/** The programs of native-scripts/bench, and those of users. */
export type NativeProgram =
  | 'build-reference'
  | 'settle-namespaces'
  | 'acquire-load'
  | 'plugin-load'
  | 'no-plugin'
  | 'network-load'
  | 'primes'
  | 'netnsd-runc'
  | 'netnsd-cni'
  | 'netnsd';

/** Compiles what is not compiled yet (`make`). */
export async function buildNativePrograms(): Promise<void> {
  await runProcess('make', ['--silent', '-C', SOURCES, 'bench']);
}

export function nativeProgram(name: NativeProgram): string {
  return `${SOURCES}build/${name}`;
}

/** Waits until the kernel has done with all namespaces dropped so far: it holds locks meanwhile that the next run needs. */
export async function settleNamespaces(): Promise<void> {
  await runProcess(nativeProgram('settle-namespaces'), []);
}
