import type { Invocation } from '../../../src/cli/dependencies.js';

/** Enough to build the program and ask it about itself; nothing of it may run. */
export function fakeInvocation(): Invocation {
  const refuse = (): never => {
    throw new Error('this program is only to be looked at');
  };
  return {
    env: {},
    stdout: { write: refuse },
    stderr: { write: refuse },
    version: '0',
    status: 0,
    openClient: refuse,
    serve: refuse,
    down: refuse,
    enter: refuse,
    doctor: refuse,
    report: refuse,
    runBench: refuse,
  };
}
