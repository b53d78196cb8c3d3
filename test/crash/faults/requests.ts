import { kernelError } from '../../../src/kernel/errno.js';
import type { NetlinkSocket } from '../../../src/kernel/netlink/netlink-socket.js';
import { type Outcome, operationOf, type Request } from '../../../src/kernel/netlink/request.js';
import { LOST_ERRNO, OPEN_ERRNOS, REQUEST_ERRNOS } from './errnos.js';
import { die, errnoNumber, generalName, type Points, stall } from './points.js';
import type { Fault } from './types.js';

type Send = (requests: readonly Request[]) => Outcome[];
/** What of the product's class is replaced. */
type Replaced = { transact: Send; dumpOnce(request: Request): Outcome[] };

/** Makes points of opening a netlink socket, of each request that is sent and of each try of a dump. */
export function wrapNetlinkSocket(points: Points, socketClass: typeof NetlinkSocket): void {
  const open = socketClass.open;
  socketClass.open = (options) => {
    pass(points, 'open a netlink socket');
    return open.call(socketClass, options);
  };
  const sockets = socketClass.prototype as unknown as Replaced;
  const { transact: send, dumpOnce } = sockets;
  if (send === undefined || dumpOnce === undefined) throw new Error('the netlink socket sends by other methods now');
  sockets.transact = function (requests) {
    return transact(points, requests, (some) => send.call(this, some));
  };
  sockets.dumpOnce = function (request) {
    return transact(points, [request], () => dumpOnce.call(this, request));
  };
}

function pass(points: Points, operation: string): void {
  const fault = points.enter(operation, OPEN_ERRNOS);
  if (fault === undefined) return;
  if (fault.act === 'kill before' || fault.act === 'kill after') die();
  else if (fault.act === 'delay') stall(fault.delayMs);
  else if ('errno' in fault) throw kernelError({ operation, errno: errnoNumber(fault.errno) });
}

/**
 * Sends requests of which one may be hit. The kernel works through a send in order and goes on past failures; so what
 * stands before the one that is hit has been done, and what stands behind it is done unless the process dies.
 */
function transact(points: Points, requests: readonly Request[], send: Send): Outcome[] {
  let at = -1;
  let fault: Fault | undefined;
  for (const [position, request] of requests.entries()) {
    const found = points.enter(`netlink ${generalName(operationOf(request))}`, [
      ...REQUEST_ERRNOS,
      `lost:${LOST_ERRNO}`,
    ]);
    if (found === undefined) continue;
    at = position;
    fault = found;
  }
  const sendSome = (some: readonly Request[]) => (some.length === 0 ? [] : send(some));
  const hit = requests[at];
  const operation = hit === undefined ? '' : operationOf(hit);
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
