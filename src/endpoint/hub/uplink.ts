import { NetnsdError } from '../../errors.js';
import { isNotFound } from '../../kernel/errno.js';
import {
  createVeth,
  deleteLink,
  getLink,
  isQuietPort,
  type Link,
  type PortWalls,
  parseBridgePort,
  setLink,
  setQuietPort,
} from '../../kernel/rtnetlink/link.js';
import { macText } from '../plan.js';
import { findLink, type Hub, type LinkPlace, quieten } from './hub.js';
import { HUB_UPLINK } from './hub-names.js';

/**
 * The kernel tells at once that a link has a carrier, unless it has the same index as its peer, as it may have in another namespace:
 * then it takes up to a second (linkwatch_urgent_event of net/core/link_watch.c). No other link gets so high a number.
 */
const UPLINK_INDEX = 0x6e000000;

interface UplinkOptions {
  readonly hub: Hub;
  /** Where the other end is: the host, or the root hub. */
  readonly upper: LinkPlace;
  /** The other end's name, MAC and alias there. */
  readonly end: { readonly name: string; readonly mac: readonly number[]; readonly alias: string };
  readonly mtuBytes: number;
}

/**
 * Connects the bridge of a hub to the host or to the root hub by a veth pair, or gives the one that is there back what it lacks.
 * Returns the other end, up. Throws kernel_error, also where a link that is not netnsd's has that name.
 */
export function connectUplink({ hub, upper, end, mtuBytes }: UplinkOptions): Link {
  if (!isPair(findLink(hub, HUB_UPLINK), findLink(upper, end.name))) {
    removeEnds({ hub, upper, end, mtuBytes });
    const own = { name: HUB_UPLINK, mac: [0x02, 0x58, ...end.mac.slice(2)], mtuBytes };
    const peer = { name: end.name, mac: end.mac, mtuBytes };
    hub.socket.request(createVeth({ host: own, peer, peerNetnsFd: upper.fd, index: UPLINK_INDEX }));
  }
  const [own, other] = [findLink(hub, HUB_UPLINK), findLink(upper, end.name)];
  if (own === undefined || other === undefined)
    throw new NetnsdError('kernel_error', `uplink ${end.name} is gone at once`, { details: { errno: 'ENODEV' } });
  hub.uplinkIndex = own.index;
  // Never lowered here: endpoints may be built with a larger one.
  if (Math.min(own.mtuBytes, other.mtuBytes) < mtuBytes) setUplinkMtu({ hub, upper, index: other.index }, mtuBytes);
  quieten(hub, own.index);
  hub.socket.request(setLink({ index: own.index }, { masterIndex: hub.bridgeIndex, up: true }));
  quieten(upper, other.index);
  const mac = other.mac === macText(end.mac) ? {} : { mac: end.mac };
  const alias = other.alias === end.alias ? {} : { alias: end.alias };
  upper.socket.request(setLink({ index: other.index }, { up: true, ...alias, ...mac }));
  return other;
}

/** Makes the end of another hub's uplink a port of the root hub; one that is so already is not touched. Throws kernel_error. */
export function joinQuietly({ socket, bridgeIndex }: Hub, index: number, walls: PortWalls): void {
  socket.request(setLink({ index }, { masterIndex: bridgeIndex }));
  const [port] = socket.request(getLink({ index }));
  if (port === undefined || !isQuietPort(parseBridgePort(port), walls)) socket.request(setQuietPort({ index }, walls));
}

/** Gives both ends of an uplink an MTU; `index` is that of the upper one. Throws kernel_error. */
export function setUplinkMtu(
  { hub, upper, index }: { hub: Hub; upper: LinkPlace; index: number },
  mtuBytes: number,
): void {
  hub.socket.request(setLink({ index: hub.uplinkIndex }, { mtuBytes }));
  upper.socket.request(setLink({ index }, { mtuBytes }));
}

/** Whether both are ends of one pair, as far as their indexes tell. */
export function isPair(own: Link | undefined, other: Link | undefined): boolean {
  if (own?.kind !== 'veth' || other?.kind !== 'veth') return false;
  return own.peerIndex === other.index && other.peerIndex === own.index;
}

/** What is left of an uplink, which may lead elsewhere by now. A link in the upper place that is not netnsd's stays. */
function removeEnds({ hub, upper, end }: UplinkOptions): void {
  const remove = (place: LinkPlace, name: string): void => {
    const [outcome] = place.socket.transact([deleteLink({ name })]);
    if (outcome?.ok === false && !isNotFound(outcome.error)) throw outcome.error;
  };
  remove(hub, HUB_UPLINK);
  const other = findLink(upper, end.name);
  if (other === undefined) return;
  if (other.kind !== 'veth' || other.alias !== end.alias)
    throw new NetnsdError('kernel_error', `link ${end.name} is there already and no uplink: remove it`, {
      details: { errno: 'EEXIST' },
    });
  remove(upper, end.name);
}
