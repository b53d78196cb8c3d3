/** What a kind of netlink message holds that differs between pristine endpoints, or changes by itself. */
export interface MessageShape {
  /** Length of the fixed part, in bytes. */
  readonly headerBytes: number;
  /** Bytes of the fixed part that say nothing: `[from, to)`. */
  readonly headerNoise?: readonly (readonly [from: number, to: number])[];
  /** Attributes that count or tell the time; their values are left out. */
  readonly noise?: ReadonlySet<number>;
  /** Attributes in which one of the endpoint's own addresses, its MAC or link index at the host may stand, and which of them. */
  readonly own?: ReadonlyMap<number, OwnKey>;
  readonly nested?: ReadonlyMap<number, Omit<MessageShape, 'headerBytes' | 'headerNoise'>>;
  /** Names of attributes, for people. */
  readonly names?: Readonly<Record<number, string>>;
}

/** What differs between the endpoints of a pool: replaced by the same marks in all of them. */
export interface OwnValues {
  /** That of IPv4; of IPv6 also that of the link, and the group of the two (solicited-node, RFC 4291). */
  readonly address: readonly Buffer[];
  /** The MAC; with IPv6 also that of the group of its addresses (RFC 2464, 7). */
  readonly mac: readonly Buffer[];
  /** Index of the host's link, 4 bytes as the kernel has them. */
  readonly hostIndex: Buffer;
}

type OwnKey = keyof OwnValues;

const NLA_TYPE = 0x3fff;
/** Stand for own values. A container that sets such a value itself gets another mark, so it cannot hide a change. */
const MARKS: Readonly<Record<OwnKey, number>> = { address: 0x10, mac: 0x02, hostIndex: 0x03 };

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

function markOwn(value: Buffer, key: OwnKey, own: OwnValues): void {
  const values = [own[key]].flat();
  const at = values.findIndex((one) => value.equals(one));
  if (at >= 0) markOf(key, at, value.length).copy(value);
  else if (values.some((one, other) => value.equals(markOf(key, other, one.length)))) value.fill(0xfe);
}

/** `ff ff … N` */
function markOf(key: OwnKey, at: number, bytes: number): Buffer {
  const mark = Buffer.alloc(bytes, 0xff);
  mark[bytes - 1] = MARKS[key] + at;
  return mark;
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
