import { randomBytes } from 'node:crypto';

const ID_BYTES = 8;
/** One call for so many ids: a call of the generator costs as much as everything else of a lease. */
const IDS_A_CALL = 512;

let bytes = Buffer.alloc(0);
let offset = 0;

/** A new lease id: 16 hexadecimal characters, from the system's random generator. */
export function newLeaseId(): string {
  if (offset >= bytes.length) {
    bytes = randomBytes(ID_BYTES * IDS_A_CALL);
    offset = 0;
  }
  offset += ID_BYTES;
  return bytes.toString('hex', offset - ID_BYTES, offset);
}
