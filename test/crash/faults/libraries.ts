import koffi from 'koffi';
import { CALL_ERRNOS, DONE_ANYWAY, INFALLIBLE, OTHER_CALL } from './errnos.js';
import { die, errnoNumber, type Points, stall } from './points.js';

type Call = (...args: unknown[]) => unknown;

/** Calls that glibc has no function for, by their number on x86-64 and arm64: they are told apart by it. */
const SYSCALLS: Readonly<Record<number, string>> = {
  280: 'bpf',
  321: 'bpf',
  430: 'fsopen',
  431: 'fsconfig',
  432: 'fsmount',
  434: 'pidfd_open',
};

/** Makes a point of each C function that is bound from now on. */
export function wrapLibraries(points: Points): void {
  const load = koffi.load;
  koffi.load = (...path) => {
    const library = load(...path);
    const func = (declaration: string): Call => {
      const call = library.func(declaration) as unknown as Call;
      const name = /(\w+)\(/.exec(declaration)?.[1] as string;
      return INFALLIBLE.includes(name) ? call : wrapped(points, name, call);
    };
    return Object.create(library, { func: { value: func } });
  };
}

function wrapped(points: Points, func: string, call: Call): Call {
  return (...args) => {
    const name = func === 'syscall' ? (SYSCALLS[args[0] as number] ?? func) : func;
    const fault = points.enter(`call ${name}`, CALL_ERRNOS[name] ?? OTHER_CALL);
    if (fault === undefined) return call(...args);
    if (fault.act === 'kill before') die();
    if (fault.act === 'delay') stall(fault.delayMs);
    if (fault.act === 'fail' && !DONE_ANYWAY.includes(name)) return failed(fault.errno);
    const result = call(...args);
    if (fault.act === 'kill after') die();
    return fault.act === 'fail' || fault.act === 'lose' ? failed(fault.errno) : result;
  };
}

/** What a C function returns that failed. */
function failed(errno: string): number {
  koffi.errno(errnoNumber(errno));
  return -1;
}
