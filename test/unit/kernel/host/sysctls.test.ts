import t from 'tap';
import { isSysctlOf, sysctlPath } from '../../../../src/kernel/host/sysctls.js';

t.test('the file of a sysctl is that which sysctl(8) takes', async (t) => {
  t.equal(sysctlPath('net.core.somaxconn'), '/proc/sys/net/core/somaxconn');
  t.equal(sysctlPath('net/ipv4/conf/eth0.1/rp_filter'), '/proc/sys/net/ipv4/conf/eth0.1/rp_filter');
});

t.test("a sysctl of a link is told apart from the namespace's own", async (t) => {
  const isOf = (link: string, name: string) => isSysctlOf(link, { name, value: '1' });
  t.ok(isOf('eth0', 'net.ipv4.conf.eth0.rp_filter'));
  t.ok(isOf('eth0', 'net.ipv6.neigh.eth0.mcast_solicit'));
  t.ok(isOf('eth0.1', 'net/ipv4/conf/eth0.1/rp_filter'));
  t.notOk(isOf('eth0', 'net.ipv4.conf.default.rp_filter'));
  t.notOk(isOf('core', 'net.core.somaxconn'));
});
