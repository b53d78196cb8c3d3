import type { Request } from '../../netlink/request.js';
import { RTM } from '../messages.js';
import { type LinkRef, refText, writeRef } from './link.js';

/** `ip link show NAME`; the reply goes through `parseLink`. */
export function getLink(link: string | LinkRef): Request {
  const ref = typeof link === 'string' ? { name: link } : link;
  return {
    operation: () => `look up ${refText(ref)}`,
    type: RTM.GETLINK,
    flags: 0,
    write: (writer) => writeRef(writer, ref),
  };
}
