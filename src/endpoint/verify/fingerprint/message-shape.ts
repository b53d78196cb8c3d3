/** What a kind of netlink message holds that differs between pristine endpoints, or changes by itself. */
export interface MessageShape {
  /** Length of the fixed part, in bytes. */
  readonly headerBytes: number;
  /** Bytes of the fixed part that say nothing: `[from, to)`. */
  readonly headerNoise?: readonly (readonly [from: number, to: number])[];
  /** Attributes that count or tell the time; their values are left out. */
  readonly noise?: ReadonlySet<number>;
  /** Attributes in which the endpoint's own address, MAC or link index at the host may stand, and which of them. */
  readonly own?: ReadonlyMap<number, keyof OwnValues>;
  readonly nested?: ReadonlyMap<number, Omit<MessageShape, 'headerBytes' | 'headerNoise'>>;
  /** Names of attributes, for people. */
  readonly names?: Readonly<Record<number, string>>;
}

/** What differs between the endpoints of a pool: replaced by the same marks in all of them. */
export interface OwnValues {
  readonly address: Buffer;
  readonly mac: Buffer;
  /** Index of the host's link, 4 bytes as the kernel has them. */
  readonly hostIndex: Buffer;
}

const NLA_TYPE = 0x3fff;
/** Stand for own values. A container that sets such a value itself gets another mark, so it cannot hide a change. */
const MARKS: Readonly<Record<keyof OwnValues, Buffer>> = {
  address: Buffer.from([0xff, 0xff, 0xff, 0x01]),
  mac: Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
  hostIndex: Buffer.from([0xff, 0xff, 0xff, 0x03]),
};

type Attributes = Omit<MessageShape, 'headerBytes' | 'headerNoise'>;

/** Overwrites noise by zeros and own values by marks, in place; what is left is equal for all pristine endpoints. */
export function canonicalise(message: Buffer, shape: MessageShape, own: OwnValues): Buffer {
  for (const [from, to] of shape.headerNoise ?? []) message.fill(0, from, to);
  canonicaliseAttributes(message.subarray(shape.headerBytes), shape, own);
  return message;
}

function canonicaliseAttributes(data: Buffer, shape: Attributes, own: OwnValues): void {
  for (const { type, value } of eachAttribute(data)) {
    const nested = shape.nested?.get(type);
    if (shape.noise?.has(type)) value.fill(0);
    else if (nested !== undefined) canonicaliseAttributes(value, nested, own);
    else {
      const key = shape.own?.get(type);
      if (key !== undefined) markOwn(value, key, own);
    }
  }
}

function markOwn(value: Buffer, key: keyof OwnValues, own: OwnValues): void {
  if (value.equals(MARKS[key])) value.fill(0xfe);
  else if (value.equals(own[key])) MARKS[key].copy(value);
}

/** Attributes in order; a malformed tail comes as one more, of type -1, so that nothing goes unseen. */
export function* eachAttribute(data: Buffer): Generator<{ type: number; value: Buffer }> {
  let at = 0;
  while (at + 4 <= data.length) {
    const length = data.readUInt16LE(at);
    if (length < 4 || at + length > data.length) break;
    yield { type: data.readUInt16LE(at + 2) & NLA_TYPE, value: data.subarray(at + 4, at + length) };
    at += (length + 3) & ~3;
  }
  if (at < data.length) yield { type: -1, value: data.subarray(at) };
}
