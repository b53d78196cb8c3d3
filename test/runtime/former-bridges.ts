import { execa } from 'execa';
import type { Daemon } from './daemon.js';
import { hubLinks, hubOf, links } from './eye.js';

/**
 * Turns the network of a daemon that has ended into what a version without hubs left: a bridge in the host with the gateway's address
 * and the host's ends of all endpoints. Of the hub nothing is left but its mount.
 */
export async function asWithBridgesInHost(daemon: Daemon, gateway = '10.213.0.1'): Promise<void> {
  const uplink = (await links()).find((link) => link.addr_info.some(({ local }) => local === gateway));
  if (uplink === undefined) throw new Error('there is no uplink');
  const { ifname, address, addr_info: addresses } = uplink;
  const bridge = `${ifname}.0`;
  const ends = (await hubLinks(daemon)).filter((link) => link.ifname.startsWith('nd'));
  await execa('ip', ['link', 'delete', ifname]);
  await execa('ip', ['link', 'add', bridge, 'address', address, 'type', 'bridge']);
  await execa('ip', ['address', 'add', `${gateway}/${addresses[0]?.prefixlen}`, 'dev', bridge]);
  await execa('ip', ['link', 'set', bridge, 'up']);
  for (const { ifname: end } of ends) {
    await execa('nsenter', [`--net=${hubOf(daemon)}`, 'ip', 'link', 'set', end, 'netns', String(process.pid)]);
    await execa('ip', ['link', 'set', end, 'master', bridge, 'up']);
  }
}
