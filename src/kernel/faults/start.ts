import { wrapCalls } from './calls.js';
import { wrapFileCalls } from './files.js';
import { die, errnoNumber, Points, stall } from './points.js';
import { REAL } from './real-files.js';
import { transact } from './requests.js';
import type { Faults } from './types.js';

/** Starts injecting in the calling thread what the plan in `folder` says, and recording what is passed. */
export function startFaults(folder: string): Faults {
  // By a descriptor: while the thread is in another mount namespace, the path is not to be found.
  const points = new Points(`/proc/self/fd/${REAL.openSync(folder, 'r')}`);
  wrapFileCalls(points);
  return {
    wrapCalls: (calls) => wrapCalls(points, calls),
    transact: (requests, send) => transact(points, requests, send),
    pass(point, errnos) {
      const fault = points.enter(point, errnos);
      if (fault === undefined) return;
      if (fault.act === 'kill before' || fault.act === 'kill after') die();
      else if (fault.act === 'delay') stall(fault.delayMs);
      else if ('errno' in fault)
        throw Object.assign(new Error(`${fault.errno}: injected, ${point}`), {
          code: fault.errno,
          errno: errnoNumber(fault.errno),
        });
    },
  };
}
