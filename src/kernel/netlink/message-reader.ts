/** NLA_F_NESTED and NLA_F_NET_BYTEORDER taken off. */
const TYPE_MASK = 0x3fff;
const HEADER_BYTES = 4;

/**
 * Attributes by type; the last of a type wins. A malformed tail ends the reading. `wanted`: the others are left out, which of a listing
 * of thousands of links takes a third of the time.
 */
export function readAttributes(data: Buffer, wanted?: ReadonlySet<number>): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  eachAttribute(data, (type, from, to) => {
    if (wanted === undefined || wanted.has(type)) attributes.set(type, data.subarray(from, to));
  });
  return attributes;
}

/** The values of a list's attributes, in order: its elements all have one type. */
export function listAttributes(data: Buffer): Buffer[] {
  const values: Buffer[] = [];
  eachAttribute(data, (_, from, to) => values.push(data.subarray(from, to)));
  return values;
}

/** Where the value of each begins and ends (struct nlattr). What the kernel sends is well-formed; of what is not, the rest cannot be told apart. */
function eachAttribute(data: Buffer, hear: (type: number, from: number, to: number) => void): void {
  for (let at = 0; at + HEADER_BYTES <= data.length; ) {
    const length = data.readUInt16LE(at);
    if (length < HEADER_BYTES || at + length > data.length) return;
    hear(data.readUInt16LE(at + 2) & TYPE_MASK, at + HEADER_BYTES, at + length);
    at += (length + 3) & ~3;
  }
}

/**
 * The number in the attribute of `type` of a message whose attributes start at `from`; undefined: it has none. Makes no
 * object: of the echoes of thousands of links one number each is wanted.
 */
export function findU32(payload: Buffer, from: number, type: number): number | undefined {
  for (let at = from; at + 4 <= payload.length; ) {
    const length = payload.readUInt16LE(at);
    if (length < 4 || at + length > payload.length) return undefined;
    if ((payload.readUInt16LE(at + 2) & TYPE_MASK) === type)
      return length < 8 ? undefined : payload.readUInt32LE(at + 4);
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
