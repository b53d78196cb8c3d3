import fc from 'fast-check';
import t from 'tap';
import {
  broadcastAddress,
  containingSubnet,
  endpointCapacity,
  formatIpv4,
  formatSubnet,
  ipv4Bytes,
  nthAddress,
  parseIpv4,
  parseSubnet,
  subnetContains,
  subnetSize,
  subnetsOverlap,
} from '../../../src/address/ipv4.js';

const anAddress = fc.nat(2 ** 32 - 1);
const aSubnet = fc
  .tuple(anAddress, fc.integer({ min: 0, max: 32 }))
  .map(([address, bits]) => containingSubnet(address, bits));
/** Small subnets near each other, so that overlaps are as frequent as their absence. */
const aNearSubnet = fc
  .tuple(fc.nat(63), fc.integer({ min: 26, max: 32 }))
  .map(([address, bits]) => containingSubnet(address, bits));

t.test('an address survives being written and read', async () => {
  fc.assert(fc.property(anAddress, (address) => parseIpv4(formatIpv4(address)) === address));
  fc.assert(
    fc.property(anAddress, (address) => ipv4Bytes(address).reduce((sum, byte) => sum * 256 + byte, 0) === address),
  );
});

t.test('a subnet survives being written and read', async () => {
  fc.assert(
    fc.property(aSubnet, (subnet) => {
      const read = parseSubnet(formatSubnet(subnet));
      return read.network === subnet.network && read.prefixLength === subnet.prefixLength;
    }),
  );
});

t.test('a subnet contains exactly the addresses from its network to its broadcast address', async () => {
  fc.assert(
    fc.property(aSubnet, anAddress, (subnet, address) => {
      const between = address >= subnet.network && address <= broadcastAddress(subnet);
      return subnetContains(subnet, address) === between;
    }),
  );
});

t.test('two subnets overlap exactly when they share an address, whichever is named first', async () => {
  fc.assert(
    fc.property(aNearSubnet, aNearSubnet, (a, b) => {
      const shared = Array.from({ length: 64 }, (_, n) => n).some((n) => subnetContains(a, n) && subnetContains(b, n));
      return subnetsOverlap(a, b) === shared && subnetsOverlap(b, a) === shared;
    }),
  );
});

t.test('the nth address counts from the network up to the broadcast address, and no further', async (t) => {
  fc.assert(
    fc.property(aSubnet, (subnet) => {
      const size = subnetSize(subnet);
      return nthAddress(subnet, 0) === subnet.network && nthAddress(subnet, size - 1) === broadcastAddress(subnet);
    }),
  );
  const subnet = parseSubnet('10.0.0.0/30');
  t.throws(() => nthAddress(subnet, 4), { code: 'internal' });
  t.throws(() => nthAddress(subnet, -1), { code: 'internal' });
  t.throws(() => nthAddress(subnet, 0.5), { code: 'internal' });
});

t.test('endpoints get every address but network, gateway and broadcast', async (t) => {
  t.equal(endpointCapacity(parseSubnet('10.213.0.0/16')), 65_533);
  t.equal(endpointCapacity(parseSubnet('10.0.0.0/29')), 5);
  t.equal(endpointCapacity(parseSubnet('10.0.0.0/31')), 0);
});

t.test('what is no address or no subnet is refused', async (t) => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    '1..2.3',
    '::1',
    '1.2.3.4\n',
  ]) {
    t.throws(() => parseIpv4(text), { code: 'bad_request' }, JSON.stringify(text));
  }
  for (const text of [
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0/8',
    '/8',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
  ]) {
    t.throws(() => parseSubnet(text), { code: 'bad_request', message: /no IPv4 subnet/ }, text);
  }
});

t.test('a subnet with host bits is refused with the network that was probably meant', async (t) => {
  t.throws(() => parseSubnet('10.213.4.1/16'), { message: '"10.213.4.1/16" has host bits set: write 10.213.0.0/16' });
});
