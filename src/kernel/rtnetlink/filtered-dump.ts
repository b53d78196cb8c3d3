import { isNotFound } from '../errno.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import type { Request } from '../netlink/request.js';

/** A dump of what belongs to one link: of a link that is gone, which the kernel answers by ENODEV, it is nothing. */
export async function filteredDump(socket: NetlinkSocket, request: Request): Promise<readonly Buffer[]> {
  try {
    return await socket.dump(request);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return [];
  }
}
