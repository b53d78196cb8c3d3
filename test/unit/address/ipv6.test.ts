import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { formatIpv6, formatSubnet6, parseIpv6, parseSubnet6, subnet6OfAddress } from '../../../src/address/ipv6.js';
import { containingRange, rangesOverlap } from '../../../src/address/range.js';

const anAddress = fc.array(fc.nat(255), { minLength: 16, maxLength: 16 });
const aRange = fc
  .tuple(anAddress, fc.integer({ min: 0, max: 128 }))
  .map(([address, bits]) => containingRange(address, bits));

t.test('addresses are read in every spelling, and written in one', async (t) => {
  const rows: [text: string, written: string][] = [
    ['::', '::'],
    ['::1', '::1'],
    ['fd00:213::10.213.0.2', 'fd00:213::ad5:2'],
    ['FD00:0213:0:0:0:0:0AD5:0002', 'fd00:213::ad5:2'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ];
  for (const [text, written] of rows) t.equal(formatIpv6(parseIpv6(text)), written, text);
  for (const text of ['', '1', '10.0.0.1', 'fe80::1%eth0', ':::', 'fd00::/64', '1:2:3:4:5:6:7:8:9', 'g::'])
    t.throws(() => parseIpv6(text), { code: 'bad_request' }, text);
});

t.test('what is written is read as the same bytes', async () => {
  fc.assert(
    fc.property(anAddress, (bytes) => {
      const text = formatIpv6(bytes);
      return isIPv6(text) && String(parseIpv6(text)) === String(bytes);
    }),
  );
});

t.test('a subnet is a network address with its bits', async (t) => {
  for (const text of ['fd00:213::/64', '::/0', '2001:db8::/32', 'fd00::ff00:0:0/88', 'fd00::1/128'])
    t.equal(formatSubnet6(parseSubnet6(text)), text);
  t.throws(() => parseSubnet6('fd00:213::1/64'), { code: 'bad_request', message: /write fd00:213::\/64/ });
  for (const text of ['fd00::', 'fd00::/129', 'fd00::/064', 'fd00::/', '10.0.0.0/8', 'fd00::/64/64'])
    t.throws(() => parseSubnet6(text), { code: 'bad_request' }, text);
  t.equal(formatSubnet6(subnet6OfAddress('fd00:213::ad5:2/64')), 'fd00:213::/64');
  fc.assert(
    fc.property(aRange, (range) => String(parseSubnet6(formatSubnet6(range)).network) === String(range.network)),
  );
});

t.test('ranges overlap if one contains the other, and never across families', async (t) => {
  const range = (text: string) => parseSubnet6(text);
  t.ok(rangesOverlap(range('fd00::/48'), range('fd00:0:0:1::/80')));
  t.notOk(rangesOverlap(range('fd00:0:1::/48'), range('fd00::/48')));
  t.notOk(rangesOverlap({ network: [0, 0, 0, 0], prefixLength: 0 }, range('::/0')));
  fc.assert(fc.property(aRange, aRange, (a, b) => rangesOverlap(a, b) === rangesOverlap(b, a)));
  fc.assert(
    fc.property(anAddress, fc.nat(128), (address, bits) =>
      rangesOverlap(containingRange(address, bits), containingRange(address, 128)),
    ),
  );
});
