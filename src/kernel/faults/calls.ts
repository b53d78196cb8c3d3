import koffi from 'koffi';
import { CALL_ERRNOS, DONE_ANYWAY, INFALLIBLE, OTHER_CALL } from './errnos.js';
import { die, errnoNumber, type Points, stall } from './points.js';

type Call = (...args: unknown[]) => unknown;

/** Makes a point of each system call of the table, in place. */
export function wrapCalls(points: Points, calls: Record<string, unknown>): void {
  for (const [name, call] of Object.entries(calls)) {
    if (INFALLIBLE.includes(name)) continue;
    calls[name] = wrapped(points, name, call as Call);
  }
}

function wrapped(points: Points, name: string, call: Call): Call {
  const errnos = CALL_ERRNOS[name] ?? OTHER_CALL;
  const point = `call ${name}`;
  return (...args) => {
    const fault = points.enter(point, errnos);
    if (fault === undefined) return call(...args);
    if (fault.act === 'kill before') die();
    if (fault.act === 'delay') stall(fault.delayMs);
    if (fault.act === 'fail' && !DONE_ANYWAY.includes(name)) return failed(fault.errno);
    const result = call(...args);
    if (fault.act === 'kill after') die();
    return fault.act === 'fail' || fault.act === 'lose' ? failed(fault.errno) : result;
  };
}

function failed(errno: string): number {
  koffi.errno(errnoNumber(errno));
  return -1;
}
