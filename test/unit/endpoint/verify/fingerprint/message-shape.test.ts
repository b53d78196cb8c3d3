import fc from 'fast-check';
import t from 'tap';
import {
  canonicalise,
  eachAttribute,
  type MessageShape,
} from '../../../../../src/endpoint/verify/fingerprint/message-shape.js';

/** What the kernel sets beside the type: NLA_F_NESTED of netlink(7). */
const NESTED_FLAG = 0x8000;

/** struct nlattr, padded to four bytes. */
function attribute(type: number, value: Uint8Array): Buffer {
  const buffer = Buffer.alloc((4 + value.length + 3) & ~3);
  buffer.writeUInt16LE(4 + value.length, 0);
  buffer.writeUInt16LE(type, 2);
  buffer.set(value, 4);
  return buffer;
}

const own = (last: number) => ({
  address: [Buffer.from([10, 213, 0, last]), Buffer.from([0xfd, ...Array(14).fill(0), last])],
  mac: [Buffer.from([0x0a, 0x58, 10, 213, 0, last])],
  hostIndex: Buffer.from([last, 0, 0, 0]),
});
const [ONE, OTHER] = [own(2), own(3)];
type Own = typeof ONE;

const [ADDRESS, MAC, COUNTER, NEST, PLAIN] = [1, 2, 3, 4, 5];
const SHAPE: MessageShape = {
  headerBytes: 8,
  headerNoise: [[4, 8]],
  noise: new Set([COUNTER]),
  own: new Map([
    [ADDRESS, 'address'],
    [MAC, 'mac'],
  ]),
  nested: new Map([[NEST, { own: new Map([[ADDRESS, 'hostIndex']]) }]]),
};

/** A message of that shape; each field may be another. */
function message(of: Own, more: { header?: number[]; address?: Buffer; plain?: number; count?: number } = {}): Buffer {
  const { header = [1, 2, 3, 4, 5, 6, 7, 8], address = of.address[0] as Buffer, plain = 7, count = 0 } = more;
  return Buffer.concat([
    Buffer.from(header),
    attribute(ADDRESS, address),
    attribute(MAC, of.mac[0] as Buffer),
    attribute(COUNTER, Buffer.from([count, count])),
    attribute(NEST | NESTED_FLAG, attribute(ADDRESS, of.hostIndex)),
    attribute(PLAIN, Buffer.from([plain])),
  ]);
}

const canonical = (of: Own, more: Parameters<typeof message>[1] = {}) => canonicalise(message(of, more), SHAPE, of);

t.test('messages of two pristine endpoints are equal, but for nothing that a holder may have changed', async (t) => {
  const pristine = canonical(ONE);
  const rows: [what: string, found: Buffer, equal: boolean][] = [
    ['the other endpoint', canonical(OTHER), true],
    ['another counter', canonical(OTHER, { count: 9 }), true],
    ['noise in the header', canonical(OTHER, { header: [1, 2, 3, 4, 0, 0, 9, 9] }), true],
    ['another header', canonical(OTHER, { header: [9, 2, 3, 4, 5, 6, 7, 8] }), false],
    ['another value', canonical(OTHER, { plain: 8 }), false],
    ["the other endpoint's address", canonical(OTHER, { address: ONE.address[0] as Buffer }), false],
    ['the mark itself as an address', canonical(OTHER, { address: Buffer.from([255, 255, 255, 0x10]) }), false],
    [
      'a longer address',
      canonical(OTHER, { address: Buffer.concat([OTHER.address[0], OTHER.address[0]] as Buffer[]) }),
      false,
    ],
  ];
  for (const [what, found, equal] of rows) t.equal(pristine.equals(found), equal, what);
});

t.test('attributes are read as the kernel pads them, and a tail that is none is told', async (t) => {
  const whole = Buffer.concat([attribute(1, Buffer.from('abc')), attribute(2 | NESTED_FLAG, Buffer.from('d'))]);
  const rows: [what: string, data: Buffer, wanted: [number, string][]][] = [
    ['nothing', Buffer.alloc(0), []],
    [
      'two',
      whole,
      [
        [1, 'abc'],
        [2, 'd'],
      ],
    ],
    [
      'a rest too short for a head',
      Buffer.concat([whole, Buffer.from('xy')]),
      [
        [1, 'abc'],
        [2, 'd'],
        [-1, 'xy'],
      ],
    ],
    ['a length that leads beyond the end', Buffer.from([200, 0, 1, 0, 65]), [[-1, '\xc8\0\x01\0A']]],
    ['a length that is none', Buffer.from([0, 0, 1, 0]), [[-1, '\0\0\x01\0']]],
  ];
  for (const [what, data, wanted] of rows)
    t.strictSame(
      [...eachAttribute(data)].map(({ type, value }) => [type, value.toString('latin1')]),
      wanted,
      what,
    );
});

t.test('whatever comes, every byte of it is in some attribute or is padding, and reading ends', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const data = Buffer.from(bytes);
      const read = [...eachAttribute(data)];
      const seen = read.reduce((sum, { type, value }) => sum + value.length + (type === -1 ? 0 : 4), 0);
      return seen <= data.length && data.length - seen <= 3 * read.length;
    }),
  );
});
