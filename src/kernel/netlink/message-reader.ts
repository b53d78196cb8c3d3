/** Reading netlink messages and attributes: bounds are checked, a malformed tail ends the reading. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly payload: Buffer;
}

export function* readMessages(datagram: Buffer): Generator<NetlinkMessage> {
  for (let at = 0; at + 16 <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < 16 || at + length > datagram.length) return;
    yield {
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      seq: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + 16, at + length),
    };
    at += (length + 3) & ~3;
  }
}

/** Attributes by type (NLA_F_NESTED and NLA_F_NET_BYTEORDER taken off); the last of a type wins. */
export function readAttributes(data: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= data.length; ) {
    const length = data.readUInt16LE(at);
    if (length < 4 || at + length > data.length) break;
    attributes.set(data.readUInt16LE(at + 2) & 0x3fff, data.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return attributes;
}

/** The values of a list's attributes, in order: its elements all have one type. */
export function listAttributes(data: Buffer): Buffer[] {
  const values: Buffer[] = [];
  for (let at = 0; at + 4 <= data.length; ) {
    const length = data.readUInt16LE(at);
    if (length < 4 || at + length > data.length) break;
    values.push(data.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return values;
}

export function readString(data: Buffer | undefined): string | undefined {
  if (data === undefined) return undefined;
  const end = data.indexOf(0);
  return data.toString('utf8', 0, end < 0 ? data.length : end);
}

export function readU32(data: Buffer | undefined): number | undefined {
  return data === undefined || data.length < 4 ? undefined : data.readUInt32LE(0);
}
