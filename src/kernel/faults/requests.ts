import { kernelError } from '../errno.js';
import type { Outcome, Request } from '../netlink/request.js';
import { LOST_ERRNO, REQUEST_ERRNOS } from './errnos.js';
import { die, errnoNumber, generalName, type Points, stall } from './points.js';
import type { Fault, Send } from './types.js';

/**
 * Sends requests of which one may be hit. The kernel works through a send in order and goes on past failures; so what
 * stands before the one that is hit has been done, and what stands behind it is done unless the process dies.
 */
export function transact(points: Points, requests: readonly Request[], send: Send): Outcome[] {
  let at = -1;
  let fault: Fault | undefined;
  for (const [position, { operation }] of requests.entries()) {
    const found = points.enter(`netlink ${generalName(operation)}`, [...REQUEST_ERRNOS, `lost:${LOST_ERRNO}`]);
    if (found === undefined) continue;
    at = position;
    fault = found;
  }
  const sendSome = (some: readonly Request[]) => (some.length === 0 ? [] : send(some));
  const operation = requests[at]?.operation ?? '';
  switch (fault?.act) {
    case 'kill before':
      sendSome(requests.slice(0, at));
      die();
      break;
    case 'kill after':
      sendSome(requests.slice(0, at + 1));
      die();
      break;
    case 'delay':
      stall(fault.delayMs);
      break;
    case 'lose': {
      sendSome(requests);
      throw kernelError({ operation: 'use the netlink socket', errno: errnoNumber(fault.errno) });
    }
    case 'fail': {
      const before = sendSome(requests.slice(0, at));
      const error = kernelError({ operation, errno: errnoNumber(fault.errno), extendedAck: 'injected' });
      return [...before, { ok: false, error }, ...sendSome(requests.slice(at + 1))];
    }
  }
  return sendSome(requests);
}
