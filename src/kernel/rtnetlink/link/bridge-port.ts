import { readAttributes, readString } from '../../netlink/message-reader.js';
import type { Request } from '../../netlink/request.js';
import { BR_STATE_FORWARDING, IFLA, IFLA_BRPORT, IFLA_INFO, RTM } from '../messages.js';
import { type LinkRef, refText, writeRef } from './link.js';

const INFO = new Set([IFLA.LINKINFO]);
const PORT = new Set([
  IFLA_BRPORT.LEARNING,
  IFLA_BRPORT.PROXYARP,
  IFLA_BRPORT.PROXYARP_WIFI,
  IFLA_BRPORT.ISOLATED,
  IFLA_BRPORT.LOCKED,
]);

/** What a bridge lets pass at a port; what is absent stays as it is. */
export interface PortWalls {
  /** `locked`: only frames from MACs that have a forwarding entry for this port. Kernels before 5.18 pass over it. */
  readonly locked?: boolean | undefined;
  /** `isolated`: no frames to or from other isolated ports. */
  readonly isolated?: boolean | undefined;
  /** Whether broadcast and multicast pass. Absent: no. */
  readonly flood?: boolean | undefined;
}

/**
 * `ip link set NAME type bridge_slave proxy_arp on proxy_arp_wifi on learning off [locked on|off] [isolated on|off]`: the bridge
 * answers ARP requests for neighbours that it knows by itself, floods nothing to the port, and believes no source address that comes
 * out of it (br_do_proxy_suppress_arp and br_flood of net/bridge). With `flood` it is `proxy_arp off flood off`: broadcast and
 * multicast are flooded, but no ARP request that was answered, and no unicast. The link must be a port already.
 */
export function setQuietPort(ref: LinkRef, { locked, isolated, flood = false }: PortWalls = {}): Request {
  return {
    operation: () => `make ${refText(ref)} a quiet bridge port`,
    type: RTM.NEWLINK,
    flags: 0,
    write(writer) {
      writeRef(writer, ref);
      writer.nested(IFLA.LINKINFO, () => {
        writer.string(IFLA_INFO.SLAVE_KIND, 'bridge');
        writer.nested(IFLA_INFO.SLAVE_DATA, () => {
          writer.u8(IFLA_BRPORT.LEARNING, 0);
          writer.u8(IFLA_BRPORT.UNICAST_FLOOD, Number(!flood));
          writer.u8(IFLA_BRPORT.PROXYARP, Number(!flood));
          writer.u8(IFLA_BRPORT.PROXYARP_WIFI, 1);
          if (isolated !== undefined) writer.u8(IFLA_BRPORT.ISOLATED, Number(isolated));
          if (locked !== undefined) writer.u8(IFLA_BRPORT.LOCKED, Number(locked));
        });
      });
    },
  };
}

/** Whether the RTM_NEWLINK message of a bridge port says that the bridge forwards frames to and from it. */
export function isForwarding(payload: Buffer): boolean {
  const info = readAttributes(payload.subarray(16), INFO).get(IFLA.LINKINFO);
  const port = info && readAttributes(info).get(IFLA_INFO.SLAVE_DATA);
  return port !== undefined && readAttributes(port).get(IFLA_BRPORT.STATE)?.[0] === BR_STATE_FORWARDING;
}

/** How a bridge treats one of its ports. */
export interface BridgePortSettings {
  readonly learning: boolean;
  readonly proxyArp: boolean;
  readonly proxyArpWifi: boolean;
  readonly isolated: boolean;
  /** Undefined: the kernel knows no locked ports. */
  readonly locked: boolean | undefined;
}

/** What the RTM_NEWLINK message of a bridge port says of the port; undefined for any other link. */
export function parseBridgePort(payload: Buffer): BridgePortSettings | undefined {
  const info = readAttributes(payload.subarray(16), INFO).get(IFLA.LINKINFO);
  const attributes = info && readAttributes(info);
  const data = attributes?.get(IFLA_INFO.SLAVE_DATA);
  if (data === undefined || readString(attributes?.get(IFLA_INFO.SLAVE_KIND)) !== 'bridge') return undefined;
  const port = readAttributes(data, PORT);
  const isOn = (type: number): boolean => port.get(type)?.[0] === 1;
  return {
    learning: isOn(IFLA_BRPORT.LEARNING),
    proxyArp: isOn(IFLA_BRPORT.PROXYARP),
    proxyArpWifi: isOn(IFLA_BRPORT.PROXYARP_WIFI),
    isolated: isOn(IFLA_BRPORT.ISOLATED),
    locked: port.has(IFLA_BRPORT.LOCKED) ? isOn(IFLA_BRPORT.LOCKED) : undefined,
  };
}

/** Whether a port is as `setQuietPort` makes it. A kernel without locked ports does not say whether one is locked. */
export function isQuietPort(settings: BridgePortSettings | undefined, walls: PortWalls): boolean {
  if (settings === undefined || settings.learning || !settings.proxyArpWifi) return false;
  const { locked, isolated, flood = false } = walls;
  const isLocked = locked === undefined || settings.locked === undefined || settings.locked === locked;
  return settings.proxyArp === !flood && isLocked && (isolated === undefined || settings.isolated === isolated);
}
