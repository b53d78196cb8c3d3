const HEADER_BYTES = 16;
const NLA_F_NESTED = 0x8000;

/** Writes netlink messages with nested attributes one behind another into one buffer; netlink(7), include/uapi/linux/netlink.h. */
export class MessageWriter {
  #buffer: Buffer;
  #offset = 0;
  #messageStart = 0;

  constructor(sizeBytes = 16 * 1024) {
    this.#buffer = Buffer.alloc(sizeBytes);
  }

  get lengthBytes(): number {
    return this.#offset;
  }

  begin(header: { type: number; flags: number; seq: number }): void {
    this.#reserve(HEADER_BYTES);
    this.#messageStart = this.#offset;
    const buffer = this.#buffer;
    buffer.writeUInt32LE(0, this.#offset);
    buffer.writeUInt16LE(header.type, this.#offset + 4);
    buffer.writeUInt16LE(header.flags, this.#offset + 6);
    buffer.writeUInt32LE(header.seq, this.#offset + 8);
    buffer.writeUInt32LE(0, this.#offset + 12);
    this.#offset += HEADER_BYTES;
  }

  end(): void {
    this.#buffer.writeUInt32LE(this.#offset - this.#messageStart, this.#messageStart);
  }

  /** Sets flags in the header of the message that was begun last. */
  addFlags(flags: number): void {
    const at = this.#messageStart + 6;
    this.#buffer.writeUInt16LE(this.#buffer.readUInt16LE(at) | flags, at);
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
    this.#buffer.writeUInt8(family, at);
    this.#buffer.writeInt32LE(index, at + 4);
    this.#buffer.writeUInt32LE(flags, at + 8);
    this.#buffer.writeUInt32LE(change, at + 12);
  }

  bytes(data: Uint8Array | readonly number[]): void {
    this.#buffer.set(data, this.#grow(data.length));
  }

  attribute(type: number, data: Uint8Array | readonly number[]): void {
    const at = this.#grow(4 + data.length);
    this.#buffer.writeUInt16LE(4 + data.length, at);
    this.#buffer.writeUInt16LE(type, at + 2);
    this.#buffer.set(data, at + 4);
  }

  string(type: number, text: string): void {
    const bytes = Buffer.byteLength(text) + 1;
    const at = this.#grow(4 + bytes);
    this.#buffer.writeUInt16LE(4 + bytes, at);
    this.#buffer.writeUInt16LE(type, at + 2);
    this.#buffer.write(text, at + 4);
  }

  u8(type: number, value: number): void {
    this.attribute(type, [value]);
  }

  u32(type: number, value: number): void {
    const at = this.#grow(8);
    this.#buffer.writeUInt16LE(8, at);
    this.#buffer.writeUInt16LE(type, at + 2);
    this.#buffer.writeUInt32LE(value >>> 0, at + 4);
  }

  /** An attribute that holds what `write` writes. */
  nested(type: number, write: () => void): void {
    const at = this.#grow(4);
    this.#buffer.writeUInt16LE(type | NLA_F_NESTED, at + 2);
    write();
    this.#buffer.writeUInt16LE(this.#offset - at, at);
  }

  /** The written messages, copied out; the writer is empty again. */
  take(): Buffer {
    const out = Buffer.from(this.#buffer.subarray(0, this.#offset));
    this.#offset = 0;
    return out;
  }

  /** Room for `bytes`, zeroed and padded to 4; returns where it starts. */
  #grow(bytes: number): number {
    const padded = (bytes + 3) & ~3;
    this.#reserve(padded);
    const at = this.#offset;
    this.#buffer.fill(0, at, at + padded);
    this.#offset = at + padded;
    return at;
  }

  #reserve(bytes: number): void {
    if (this.#offset + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#offset + bytes));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}
