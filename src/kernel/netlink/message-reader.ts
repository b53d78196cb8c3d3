import { parseAttributes } from 'netlink/dist/structs.js';

/** Attributes by type (NLA_F_NESTED and NLA_F_NET_BYTEORDER taken off); the last of a type wins. A malformed tail ends the reading. */
export function readAttributes(data: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  eachAttribute(data, (type, value) => attributes.set(type, value));
  return attributes;
}

/** The values of a list's attributes, in order: its elements all have one type. */
export function listAttributes(data: Buffer): Buffer[] {
  const values: Buffer[] = [];
  eachAttribute(data, (_, value) => values.push(value));
  return values;
}

function eachAttribute(data: Buffer, hear: (type: number, value: Buffer) => void): void {
  try {
    parseAttributes(data, ({ type, data }) => hear(type, data as Buffer));
  } catch {
    // What the kernel sends is well-formed; of what is not, the rest cannot be told apart.
  }
}

/**
 * The number in the attribute of `type` of a message whose attributes start at `from`; undefined: it has none. Copies nothing:
 * of a listing of thousands of links one number each is wanted, and parseAttributes makes an object of every attribute.
 */
export function findU32(payload: Buffer, from: number, type: number): number | undefined {
  for (let at = from; at + 4 <= payload.length; ) {
    const length = payload.readUInt16LE(at);
    if (length < 4 || at + length > payload.length) return undefined;
    if ((payload.readUInt16LE(at + 2) & 0x3fff) === type) return length < 8 ? undefined : payload.readUInt32LE(at + 4);
    at += (length + 3) & ~3;
  }
  return undefined;
}

export function readString(data: Buffer | undefined): string | undefined {
  if (data === undefined) return undefined;
  const end = data.indexOf(0);
  return data.toString('utf8', 0, end < 0 ? data.length : end);
}

export function readU32(data: Buffer | undefined): number | undefined {
  return data === undefined || data.length < 4 ? undefined : data.readUInt32LE(0);
}
