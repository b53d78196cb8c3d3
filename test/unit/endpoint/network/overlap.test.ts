import t from 'tap';
import { parseIpv6 } from '../../../../src/address/ipv6.js';
import { uplinkName } from '../../../../src/endpoint/hub/hub-names.js';
import { findOverlaps, type HostAddresses } from '../../../../src/endpoint/network/overlap.js';
import type { Link } from '../../../../src/kernel/rtnetlink/link.js';
import { SITE } from '../fixture.js';

const LINKS = { 1: 'lo', 2: 'uplink', 3: uplinkName(SITE, 'default'), 4: 'nbzzzz-abcd' } as const;
const RTN_UNICAST = 1;
const RTN_UNREACHABLE = 7;

const bytes = (address: string) =>
  Buffer.from(address.includes(':') ? parseIpv6(address) : address.split('.').map(Number));
const parts = (cidr: string) => cidr.split('/') as [string, string];
const address = (cidr: string, linkIndex = 2): Partial<HostAddresses> => {
  const [text, prefixLength] = parts(cidr);
  return { addresses: [{ linkIndex, label: undefined, address: bytes(text), prefixLength: Number(prefixLength) }] };
};
const route = (cidr: string, more: { linkIndex?: number | undefined; type?: number } = {}): Partial<HostAddresses> => {
  const [text, prefixLength] = parts(cidr);
  const base = { destination: bytes(text), prefixLength: Number(prefixLength), gateway: undefined, table: 254 };
  return { routes: [{ ...base, linkIndex: 2, type: RTN_UNICAST, ...more }] };
};

const ROWS: [pool: string, found: Partial<HostAddresses>, wanted: string[]][] = [
  ['10.213.0.0/16', {}, []],
  ['10.213.0.0/16', address('10.213.7.1/24'), ["the host's address 10.213.7.1/24 on uplink"]],
  ['10.213.0.0/16', address('10.0.0.1/8'), ["the host's address 10.0.0.1/8 on uplink"]],
  ['10.213.0.0/16', address('10.213.255.255/32'), ["the host's address 10.213.255.255/32 on uplink"]],
  ['10.213.0.0/16', address('10.214.0.0/32'), []],
  ['10.213.0.0/16', address('10.212.255.255/16'), []],
  ['10.213.0.0/16', address('10.213.0.1/16', 3), []],
  ['10.213.0.0/16', address('10.213.0.1/16', 4), ["the host's address 10.213.0.1/16 on nbzzzz-abcd"]],
  ['10.213.0.0/16', address('10.213.0.1/16', 9), ["the host's address 10.213.0.1/16 on link 9"]],
  ['10.213.0.0/16', route('10.208.0.0/12'), []],
  ['10.213.0.0/16', route('10.213.128.0/17', { linkIndex: undefined }), ["the host's route 10.213.128.0/17"]],
  ['10.213.0.0/16', route('10.213.0.0/16', { linkIndex: 3 }), []],
  ['10.213.0.0/16', route('10.213.0.0/16', { type: RTN_UNREACHABLE }), []],
  ['10.213.0.0/16', route('0.0.0.0/0'), []],
  ['10.213.0.0/16', route('0.0.0.0/1'), []],
  ['10.213.0.0/16', route('10.213.0.0/16'), ["the host's route 10.213.0.0/16 on uplink"]],
  ['192.0.2.0/29', address('192.0.2.8/32'), []],
  ['192.0.2.0/29', address('192.0.2.7/32'), ["the host's address 192.0.2.7/32 on uplink"]],
  ['fd00:213::/64', address('fd00:213::7/64'), ["the host's address fd00:213::7/64 on uplink"]],
  ['fd00:213::/64', address('fe80::1/64'), []],
  ['fd00:213::/64', route('fd00::/8'), []],
  ['fd00:213::/64', route('fd00:213::8000:0:0:0/65'), ["the host's route fd00:213:0:0:8000::/65 on uplink"]],
  ['fd00:213::/64', route('0.0.0.0/0'), []],
  [
    '10.213.0.0/16',
    { ...address('10.213.7.1/24'), ...route('10.213.7.0/24') },
    ["the host's address 10.213.7.1/24 on uplink", "the host's route 10.213.7.0/24 on uplink"],
  ],
];

t.test('a subnet that shares addresses with the host is told, with what it meets', async (t) => {
  for (const [subnet, found, wanted] of ROWS) {
    const links = Object.entries(LINKS).map(([index, name]) => ({ index: Number(index), name }) as Link);
    const pools = [
      { name: 'free', subnet: '198.51.100.0/24' },
      subnet.includes(':') ? { name: 'p', subnet: '192.0.2.0/24', subnet6: subnet } : { name: 'p', subnet },
    ];
    const overlaps = findOverlaps({ found: { links, addresses: [], routes: [], ...found }, site: SITE, pools });
    t.strictSame(
      overlaps,
      wanted.map((text) => ({ pool: 'p', subnet, text })),
      JSON.stringify(found),
    );
  }
});
