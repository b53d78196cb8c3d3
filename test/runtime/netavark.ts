import { existsSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { type Ended, make, run } from '../native/program.js';

const BUILD = new URL('../../../native-scripts/build/', import.meta.url).pathname;

/** Builds netnsd-netavark and returns its path. */
export function netavarkPlugin({ sanitized }: { sanitized: boolean }): string {
  const path = `${BUILD}netnsd-netavark${sanitized ? '-asan' : ''}`;
  make(path);
  return path;
}

export interface Network {
  readonly name: string;
  readonly options?: Readonly<Record<string, string>> | null;
}

export interface Container {
  readonly id: string;
  readonly ifname?: string;
  readonly ports?: readonly object[];
  readonly network: Network;
  readonly more?: object;
}

/** A network as Podman 5 gives it. */
export function networkOf({ name, options = null }: Network): object {
  return {
    name,
    id: '2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9',
    driver: 'netnsd-netavark',
    created: '2026-11-23T06:39:00.471Z',
    ipv6_enabled: false,
    internal: false,
    dns_enabled: false,
    options,
    ipam_options: { driver: 'none' },
    network_dns_servers: null,
  };
}

/** What netavark gives a plugin on stdin for setup and teardown: NetworkPluginExec of its src/network/types.rs. */
export function execOf({ id, ifname = 'eth0', ports, network, more = {} }: Container): object {
  return {
    container_id: id,
    container_name: `name-of-${id}`,
    port_mappings: ports ?? null,
    network: networkOf(network),
    network_options: {
      aliases: [id],
      interface_name: ifname,
      static_ips: null,
      static_mac: null,
      options: null,
      ...more,
    },
  };
}

/** What netavark has on stdin for a container of these networks: NetworkOptions. */
export function netavarkInput(containers: readonly Container[]): object {
  const [{ id, ports } = { id: '' }] = containers;
  const entries = containers.map(({ network, ifname = 'eth0' }) => [network.name, { interface_name: ifname }]);
  return {
    container_id: id,
    container_name: `name-of-${id}`,
    port_mappings: ports ?? [],
    networks: Object.fromEntries(entries),
    network_info: Object.fromEntries(containers.map(({ network }) => [network.name, networkOf(network)])),
  };
}

export interface Status {
  readonly error?: string;
  readonly dns_enabled?: boolean;
  readonly dns_server_ips?: readonly string[];
  readonly interfaces?: Readonly<
    Record<string, { mac_address: string; subnets: readonly { ipnet: string; gateway: string }[] }>
  >;
}

/** Calls the plugin as netavark does. */
export async function callNetavarkPlugin(
  plugin: string,
  args: readonly string[],
  input: object | string,
): Promise<Ended & { json: Status }> {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  const ended = await run(plugin, args, { env: { PATH: process.env['PATH'] }, input: text });
  return { ...ended, json: ended.stdout === '' ? {} : (JSON.parse(ended.stdout) as Status) };
}

/** A netavark that runs plugins (1.6 and newer), or undefined: Debian has one from version 13 on. */
export async function findNetavark(): Promise<string | undefined> {
  const places = [process.env['NETNSD_TEST_NETAVARK'], '/usr/lib/podman/netavark', '/usr/libexec/podman/netavark'];
  for (const path of places)
    if (path !== undefined && existsSync(path) && readFileSync(path).includes('plugin-directory')) return path;
  return undefined;
}

export async function callNetavark(
  netavark: string,
  { plugins, folder, args, input }: { plugins: string; folder: string; args: readonly string[]; input: object },
): Promise<string> {
  const options = ['--config', folder, '--plugin-directory', plugins];
  const { stdout, exitCode, stderr } = await execa(netavark, [...options, ...args], {
    input: JSON.stringify(input),
    reject: false,
  });
  if (exitCode !== 0) throw new Error(`netavark ${args[0]}: ${stdout}${stderr}`);
  return stdout;
}
