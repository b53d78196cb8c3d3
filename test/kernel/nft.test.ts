import { execaSync } from 'execa';
import t from 'tap';
import { mappingElements, type PortMapping, readMappings } from '../../src/endpoint/network/port-mappings.js';
import { NetlinkSocket } from '../../src/kernel/netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../../src/kernel/netlink/protocol.js';
import { runNft } from '../../src/kernel/nftables/nft.js';
import { TableWatch } from '../../src/kernel/nftables/table-watch.js';
import { assertSandbox } from '../guard.js';

assertSandbox();

t.test('a script is carried out as a whole or not at all, and a failure is in the words of nft', async (t) => {
  await runNft('add table ip watched\nadd chain ip watched one\n');
  t.teardown(() => runNft('delete table ip watched\n'));
  await t.rejects(runNft('add chain ip watched two\nadd chain ip nowhere one\n'), {
    code: 'kernel_error',
    message: /^nft failed: .*No such file or directory/,
  });
  t.notMatch(execaSync('nft', ['list', 'table', 'ip', 'watched']).stdout, 'two');
});

t.test('changes of one table are heard, those of others are not', async (t) => {
  using watch = new TableWatch('heard');
  t.equal(watch.changed(), 'nothing');
  await runNft('add table ip heard\n');
  t.equal(watch.changed(), 'rules', 'it was made');
  t.equal(watch.changed(), 'nothing', 'once');
  await runNft('add table ip other\nadd chain ip other one\ndelete table ip other\n');
  t.equal(watch.changed(), 'nothing');
  await runNft('add set ip heard some { type ipv4_addr; }\n');
  t.equal(watch.changed(), 'rules', 'a set in it');
  await runNft('add element ip heard some { 192.0.2.1 }\n');
  t.equal(watch.changed(), 'rules', 'an element');
  execaSync('nft', ['flush', 'ruleset']);
  t.equal(watch.changed(), 'rules', 'all was flushed');
});

t.test('elements of maps to which others write are told from the rest', async (t) => {
  using watch = new TableWatch('heard', ['theirs']);
  const element = (map: string) => `add element ip heard ${map} { 192.0.2.1 : 192.0.2.2 }\n`;
  const map = (name: string) => `add map ip heard ${name} { type ipv4_addr : ipv4_addr; }\n`;
  await runNft(`add table ip heard\n${map('theirs')}${map('ours')}`);
  t.teardown(() => runNft('delete table ip heard\n'));
  t.equal(watch.changed(), 'rules');
  await runNft(element('theirs'));
  t.equal(watch.changed(), 'elements');
  await runNft(`${element('ours')}delete element ip heard theirs { 192.0.2.1 }\n`);
  t.equal(watch.changed(), 'rules', 'both');
});

t.test('the elements of a map are read as nft wrote them', async (t) => {
  using socket = NetlinkSocket.open({ protocol: NETLINK_PROTOCOL.netfilter });
  t.strictSame(readMappings(socket, 'mappings'), [], 'there is no table');
  const type = (family: string, before: string) =>
    `{ type ${before}inet_proto . inet_service : ${family} . inet_service; }`;
  const maps = (['', '6'] as const).flatMap((suffix) => {
    const family = suffix === '' ? 'ipv4_addr' : 'ipv6_addr';
    return [`mapped${suffix} ${type(family, '')}`, `mapped-at${suffix} ${type(family, `${family} . `)}`];
  });
  await runNft(`add table inet mappings\n${maps.map((map) => `add map inet mappings ${map}\n`).join('')}`);
  t.teardown(() => runNft('delete table inet mappings\n'));
  const mappings = Array.from({ length: 300 }, (_, index): PortMapping => {
    const six = index % 5 === 0;
    const every = six ? '::' : '0.0.0.0';
    return {
      protocol: (['tcp', 'udp', 'sctp'] as const)[index % 3] ?? 'tcp',
      hostAddress: index % 2 === 0 ? every : six ? `2001:db8::${1 + (index % 250)}` : `192.0.2.${index % 250}`,
      hostPort: 1000 + index,
      containerAddress: six ? `fd00:213::${1 + (index % 250)}` : `10.213.0.${index % 250}`,
      containerPort: 80 + index,
    };
  });
  const elements = Object.entries(mappingElements(mappings));
  await runNft(elements.map(([map, list]) => `add element inet mappings ${map} { ${list.join(', ')} }\n`).join(''));
  const sorted = (list: readonly PortMapping[]) => [...list].sort((one, other) => one.hostPort - other.hostPort);
  t.strictSame(sorted(readMappings(socket, 'mappings')), sorted(mappings));
  const four = mappings.filter(({ hostAddress }) => !hostAddress.includes(':'));
  t.strictSame(sorted(readMappings(socket, 'mappings', { ipv6: false })), sorted(four));
});
