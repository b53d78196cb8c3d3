import { errnoOf } from '../errno.js';
import { setIntegerOption } from '../libc.js';

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const RECEIVE_BYTES = 4 * 1024 * 1024;

/** Errors come with the kernel's own words, and without the request. */
export function explainErrors(fd: number): void {
  for (const name of [NETLINK_EXT_ACK, NETLINK_CAP_ACK]) setIntegerOption({ fd, level: SOL_NETLINK, name, value: 1 });
}

/** All answers to a send are queued before the first is read: the default of 212 992 bytes holds some 50 links. */
export function acceptLongAnswers(fd: number): void {
  const size = { fd, level: SOL_SOCKET, value: RECEIVE_BYTES };
  try {
    setIntegerOption({ ...size, name: SO_RCVBUFFORCE });
  } catch (error) {
    // In a user namespace of its own, root may not go beyond net.core.rmem_max.
    if (errnoOf(error) !== 'EPERM') throw error;
    setIntegerOption({ ...size, name: SO_RCVBUF });
  }
}

/** Dumps of addresses, routes and neighbours heed filters. Before Linux 4.20 they list everything: callers filter as well. */
export function checkStrictly(fd: number): void {
  try {
    setIntegerOption({ fd, level: SOL_NETLINK, name: NETLINK_GET_STRICT_CHK, value: 1 });
  } catch (error) {
    if (errnoOf(error) !== 'ENOPROTOOPT') throw error;
  }
}
