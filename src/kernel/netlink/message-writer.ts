const HEADER_BYTES = 16;
const NLA_F_NESTED = 0x8000;

/**
 * Writes netlink messages with nested attributes one behind another into one buffer; netlink(7), include/uapi/linux/netlink.h.
 * Hand-written: formatAttribute of the package netlink makes buffers of each attribute, and a batch has some thousands.
 */
export class MessageWriter {
  #buffer: Buffer;
  #view: DataView;
  #offset = 0;
  #messageStart = 0;

  constructor(sizeBytes = 16 * 1024) {
    this.#buffer = Buffer.alloc(sizeBytes);
    this.#view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, sizeBytes);
  }

  get lengthBytes(): number {
    return this.#offset;
  }

  begin(header: { type: number; flags: number; seq: number }): void {
    const at = this.#grow(HEADER_BYTES);
    this.#messageStart = at;
    this.#view.setUint16(at + 4, header.type, true);
    this.#view.setUint16(at + 6, header.flags, true);
    this.#view.setUint32(at + 8, header.seq, true);
  }

  end(): void {
    this.#view.setUint32(this.#messageStart, this.#offset - this.#messageStart, true);
  }

  /** Sets flags in the header of the message that was begun last. */
  addFlags(flags: number): void {
    const at = this.#messageStart + 6;
    this.#view.setUint16(at, this.#view.getUint16(at, true) | flags, true);
  }

  /** struct ifinfomsg of rtnetlink(7). */
  linkHeader({
    family = 0,
    index = 0,
    flags = 0,
    change = 0,
  }: {
    family?: number;
    index?: number;
    flags?: number;
    change?: number;
  }): void {
    const at = this.#grow(16);
    this.#view.setUint8(at, family);
    this.#view.setInt32(at + 4, index, true);
    this.#view.setUint32(at + 8, flags, true);
    this.#view.setUint32(at + 12, change, true);
  }

  bytes(data: Uint8Array | readonly number[]): void {
    const at = this.#grow(data.length);
    this.#buffer.set(data, at);
  }

  attribute(type: number, data: Uint8Array | readonly number[]): void {
    const at = this.#grow(4 + data.length);
    this.#view.setUint16(at, 4 + data.length, true);
    this.#view.setUint16(at + 2, type, true);
    this.#buffer.set(data, at + 4);
  }

  string(type: number, text: string): void {
    const bytes = Buffer.byteLength(text) + 1;
    const at = this.#grow(4 + bytes);
    this.#view.setUint16(at, 4 + bytes, true);
    this.#view.setUint16(at + 2, type, true);
    this.#buffer.write(text, at + 4);
  }

  u8(type: number, value: number): void {
    this.attribute(type, [value]);
  }

  u32(type: number, value: number): void {
    const at = this.#grow(8);
    this.#view.setUint16(at, 8, true);
    this.#view.setUint16(at + 2, type, true);
    this.#view.setUint32(at + 4, value >>> 0, true);
  }

  /** An attribute that holds what `write` writes. */
  nested(type: number, write: () => void): void {
    const at = this.#grow(4);
    this.#view.setUint16(at + 2, type | NLA_F_NESTED, true);
    write();
    this.#view.setUint16(at, this.#offset - at, true);
  }

  /** What was written stands in the first `lengthBytes` of it, until more is written. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Starts anew. */
  clear(): void {
    this.#offset = 0;
  }

  /** Room for `bytes`, zeroed and padded to 4; returns where it starts. */
  #grow(bytes: number): number {
    const at = this.#offset;
    const end = at + ((bytes + 3) & ~3);
    if (end > this.#buffer.length) this.#enlarge(end);
    for (let i = at; i < end; i += 4) this.#view.setUint32(i, 0);
    this.#offset = end;
    return at;
  }

  #enlarge(leastBytes: number): void {
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, leastBytes));
    this.#buffer.copy(larger);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.length);
  }
}
