import type { Request } from '../../netlink/request.js';
import { IFLA, RTM } from '../messages.js';

/** `ip link show NAME`; the reply goes through `parseLink`. */
export function getLink(name: string): Request {
  return {
    operation: () => `look up link ${name}`,
    type: RTM.GETLINK,
    flags: 0,
    write(writer) {
      writer.linkHeader({});
      writer.string(IFLA.IFNAME, name);
    },
  };
}
