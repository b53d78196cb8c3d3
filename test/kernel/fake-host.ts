import { mkdirSync, readdirSync } from 'node:fs';
import { execaSync } from 'execa';
import type { Test } from 'tap';
import { Host } from '../../src/endpoint/host.js';
import { Network } from '../../src/endpoint/network/network.js';
import type { NetworkSettings, Site } from '../../src/endpoint/types.js';
import { VAULT_PROGRAM } from '../../src/kernel/netns/vault-program.js';
import { assertSandbox } from '../guard.js';

assertSandbox();

export const SETTINGS: NetworkSettings = {
  name: 'default',
  subnet: '10.213.0.0/16',
  mtuBytes: 1500,
  max: 1000,
  endpointsPerHub: 1000,
  antiSpoof: true,
  isolation: 'none',
  dns: { servers: [], search: [], options: [] },
};

/** A namespace that plays the machine for one test, and a vault for the namespaces that the test makes. */
export interface FakeHost {
  readonly netnsPath: string;
  readonly site: Site;
  /** Path of an endpoint's namespace for other programs, leased or not. */
  pathOf(id: string): string;
  /** What is in the vault: mount points by their endpoints, and the links of leases. */
  inVault(): { mounts: string[]; links: string[] };
  /** Where other programs find the namespace of a hub. */
  hubPath(name?: string): string;
  /** Takes a hub's mount away. */
  umountHub(name: string): void;
  /** Runs `ip ARGUMENTS` inside the hub of the default pool and returns what it prints, parsed where it is JSON. */
  inHub(...args: string[]): unknown;
  /** Runs `ip ARGUMENTS` inside the fake host and returns what it prints, parsed where it is JSON. */
  ip(...args: string[]): unknown;
}

/** The vault has no programs: one from outside, by its descriptor. */
function umountInVault(stateDir: string, point: string): void {
  const script = `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
pin = os.open('${stateDir}/vault/mnt', os.O_RDONLY)
if libc.setns(pin, 0x20000) != 0 or libc.umount2(b'${point}', 2) != 0: raise OSError(ctypes.get_errno())`;
  execaSync('python3', ['-c', script]);
}

let count = 0;

/** Makes a fake host with the tools of iproute2, not of the product; it ends with the test. */
export function fakeHost(t: Test): FakeHost {
  const name = `fake-host-${process.pid}-${count++}`;
  const netnsPath = `/run/netns/${name}`;
  execaSync('ip', ['netns', 'add', name]);
  execaSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const stateDir = `/run/${name}`;
  mkdirSync(stateDir);
  execaSync(VAULT_PROGRAM, ['start', stateDir]);
  t.teardown(() => {
    execaSync(VAULT_PROGRAM, ['stop', stateDir]);
    execaSync('ip', ['netns', 'delete', name]);
  });
  const hubPath = (hub = 'default.0') => `${stateDir}/netns/../hubs/${hub}`;
  return {
    netnsPath,
    site: { instanceId: 'test', identity: 'boot /test', stateDir, netnsDir: null },
    pathOf: (id) => `${stateDir}/netns/../ns/${id}`,
    inVault: () => ({
      mounts: readdirSync(`${stateDir}/netns/../ns`).sort(),
      links: readdirSync(`${stateDir}/netns/`).sort(),
    }),
    hubPath,
    umountHub: (hub) => umountInVault(stateDir, `/hubs/${hub}`),
    inHub: (...args) => ip(hubPath(), ...args),
    ip: (...args) => ip(netnsPath, ...args),
  };
}

/** `ip ARGUMENTS` inside the namespace at `path`. */
export function ip(path: string, ...args: string[]): unknown {
  const { stdout } = execaSync('nsenter', [`--net=${path}`, 'ip', ...args]);
  return stdout.startsWith('[') ? JSON.parse(stdout) : stdout;
}

/** The fake host as the product has it, and one open network; closed with the test. */
export async function openNetwork(
  t: Test,
  fake: FakeHost,
  settings = SETTINGS,
): Promise<{ host: Host; network: Network }> {
  const host = Host.open({ netnsPath: fake.netnsPath, stateDir: fake.site.stateDir });
  t.teardown(() => host.close());
  const network = new Network({ host, site: fake.site, settings });
  host.hubs.openMounted();
  network.open();
  return { host, network };
}

export function endpointName(seq: number) {
  return { id: `default-${seq}`, pool: 'default', index: seq, seq };
}
