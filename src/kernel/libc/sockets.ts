import { check, lastErrno, native } from './native.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const AF_NETLINK = 16;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const EADDRINUSE = 98;
/** Connections that nothing accepts: each is of a start that was refused, and only tells that one who holds the name. */
const UNACCEPTED = 4096;
const MSG_DONTWAIT = 0x40;
const EINTR = 4;
const EAGAIN = 11;
const ATTEMPTS = 8;
/** The value of a socket option, for as long as the call takes. */
const integer = Buffer.alloc(4);

/** A netlink socket of `protocol` in the calling thread's namespace; netlink(7). It gets its port with its first send. */
export function openNetlink(protocol: number): number {
  return check(
    native.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol),
    () => `open a netlink socket of protocol ${protocol}`,
  );
}

/** bind(2) of a netlink socket to the multicast groups of the mask, bit 0 being group 1. */
export function joinGroups(fd: number, mask: number): void {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(mask >>> 0, 8);
  check(native.bind(fd, address, address.length), () => 'join multicast groups of the kernel');
}

/** sendto(2) of the first `length` bytes, without an address: the kernel is the peer of a netlink socket. */
export function sendDatagram(fd: number, data: Buffer, length: number): void {
  check(native.sendto(fd, data, length, 0, null, 0), () => 'send to the kernel');
}

/** recv(2) without waiting: the length that came, or undefined where nothing is there. */
export function receiveDatagram(fd: number, buffer: Buffer): number | undefined {
  for (let attempt = 1; ; attempt += 1) {
    const length = native.recv(fd, buffer, buffer.length, MSG_DONTWAIT);
    if (length >= 0) return Number(length);
    const errno = lastErrno();
    if (errno === EAGAIN) return undefined;
    if (errno !== EINTR || attempt === ATTEMPTS) return check(-1, () => 'receive from the kernel');
  }
}

/** setsockopt(2) with an int. */
export function setIntegerOption(options: { fd: number; level: number; name: number; value: number }): void {
  integer.writeInt32LE(options.value);
  check(
    native.setsockopt(options.fd, options.level, options.name, integer, 4),
    () => `set socket option ${options.name}`,
  );
}

/** The credentials of the peer of a connected unix socket: SO_PEERCRED of unix(7). */
export function peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
  const value = Buffer.alloc(12);
  check(native.getsockopt(fd, 1, 17, value, [12]), () => 'read the credentials of a peer');
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}

/** Sends one datagram to a unix socket; `path` may start with `@` for the abstract name space. */
export function sendUnixDatagram(path: string, payload: string): void {
  const fd = check(native.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), () => 'open a datagram socket');
  try {
    const address = unixAddress(path.startsWith('@') ? `\0${path.slice(1)}` : path);
    const data = Buffer.from(payload);
    check(native.sendto(fd, data, data.length, 0, address, address.length), () => `send to ${path}`);
  } finally {
    native.close(fd);
  }
}

/** Listens under an abstract name in the calling thread's network namespace; undefined where another socket has the name. */
export function listenOnName(name: string): number | undefined {
  const fd = openStream();
  const address = unixAddress(`\0${name}`);
  try {
    if (native.bind(fd, address, address.length) < 0) {
      if (lastErrno() !== EADDRINUSE) check(-1, () => `bind the name ${name}`);
      native.close(fd);
      return undefined;
    }
    check(native.listen(fd, UNACCEPTED), () => `listen under the name ${name}`);
    return fd;
  } catch (error) {
    native.close(fd);
    throw error;
  }
}

/** Who listens under an abstract name, as the kernel noted it at listen(2); undefined where that cannot be told. */
export function nameListener(name: string): { pid: number; uid: number } | undefined {
  const fd = openStream();
  const address = unixAddress(`\0${name}`);
  try {
    return native.connect(fd, address, address.length) < 0 ? undefined : peerCredentials(fd);
  } finally {
    native.close(fd);
  }
}

function openStream(): number {
  return check(native.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), () => 'open a unix socket');
}

function unixAddress(path: string): Buffer {
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(path)]);
}
