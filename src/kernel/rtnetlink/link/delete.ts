import type { Request } from '../../netlink/request.js';
import { IFLA, RTM } from '../messages.js';
import { type LinkRef, refText, writeRef } from './link.js';

/** `ip link del`. */
export function deleteLink(ref: LinkRef): Request {
  return {
    operation: `delete ${refText(ref)}`,
    type: RTM.DELLINK,
    flags: 0,
    write(writer) {
      writeRef(writer, ref);
    },
  };
}

/** `ip link del group N`: all links of the group in one go, so that the kernel waits for its readers once, not once a link. */
export function deleteLinkGroup(group: number): Request {
  return {
    operation: `delete links of group ${group}`,
    type: RTM.DELLINK,
    flags: 0,
    write(writer) {
      writer.linkHeader({});
      writer.u32(IFLA.GROUP, group);
    },
  };
}
