import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { closeApi, createApi, listenOnSocket } from '../api/index.js';
import { leaseBundle } from '../containers/lease-bundle.js';
import { type EndpointFacts, type EndpointKey, Pools } from '../pool/index.js';
import { FileRecords, openStateDirectory } from '../state/index.js';

/** How many leases are acquired and released; the compiler has optimised what they run through by then. */
const ROUNDS = 400;
const CONNECTIONS = 4;
/** How many bundles are patched, as netnsd-runc asks for it. */
const PATCHES = 60;
const SIZES = { minReady: 64, max: 1024, capacity: 1024, buildBatch: 8, addressCooldownSeconds: 0 };
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Runs the daemon's own request path warm: the same API and pool code over endpoints that are made of nothing, on a
 * socket inside the state directory that is removed again. Fresh JavaScript is interpreted, and the first hundred
 * acquires of a daemon would take several times as long as the later ones; see `netnsd bench acquire` and `start`. Ends soon,
 * with nothing left, when `signal` is aborted.
 */
export async function warmUp(stateDir: string, signal: AbortSignal): Promise<void> {
  const folder = join(stateDir, 'warm-up');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  try {
    let seq = 0;
    const pools = new Pools({
      pools: [
        {
          settings: {
            ...SIZES,
            name: 'default',
            recycle: 'replace',
            unknownSpec: 'proof',
            sizing: 'fixed',
            idleSeconds: 1,
          },
          subnet: '192.0.2.0/24',
        },
      ],
      endpoints: {
        build: async (keys) => keys.map((key) => ({ ok: true, value: factsOf(key) })),
        destroy: async (keys) => keys.map(() => ({ ok: true, value: undefined })),
        seal: async (endpoints) => endpoints.map(() => true),
        verify: async (endpoints) => endpoints.map(({ way }) => ({ clean: true, way, sealed: true })),
        users: async (inodes) => inodes.map(() => []),
      },
      records: new FileRecords(openStateDirectory(join(folder, 'state'))),
      nextSeq: () => ++seq,
      log: SILENT,
    });
    const api = await createApi({
      service: pools,
      log: SILENT,
      version: '',
      startedAt: Date.now(),
      patchBundle: (request) => leaseBundle(pools, request),
      dnsFiles: () => ({ hosts: '/nowhere', resolvConf: null }),
      reconcile: async () => ({ findings: [], endpoints: 0, tookMs: 0 }),
      graftContainer: async () => ({ action: 'passthrough' }),
    });
    const path = join(folder, 's');
    await listenOnSocket(api, { path, groupId: null });
    pools.start();
    await Promise.all(Array.from({ length: CONNECTIONS }, () => acquireAndRelease(path, ROUNDS / CONNECTIONS, signal)));
    writeFileSync(join(folder, 'config.json'), JSON.stringify(SPEC, null, 2));
    for (let left = PATCHES; left > 0 && !signal.aborted; left -= 1) await patchAndRelease(path, folder);
    await closeApi(api, { deadlineMs: 100 });
    await pools.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function factsOf({ id }: EndpointKey): EndpointFacts {
  return {
    netns: { path: `/nowhere/${id}`, inode: 0 },
    interface: { name: 'eth0', mac: '0a:58:c0:00:02:02', mtu: 1500, hostName: id },
    addresses: [{ address: '192.0.2.2/24', gateway: '192.0.2.1' }],
    routes: [{ destination: '0.0.0.0/0', gateway: '192.0.2.1' }],
    publishedPorts: [],
    dns: { servers: [], search: [], options: [] },
  };
}

/** One connection's worth of leases; an answer that is not understood ends it early. */
function acquireAndRelease(path: string, rounds: number, signal: AbortSignal): Promise<void> {
  const acquire =
    'POST /v1/leases HTTP/1.1\r\nhost: n\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
  return new Promise((resolve) => {
    const socket: Socket = connect(path);
    let left = rounds;
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(acquire));
    socket.on('data', (answer: string) => {
      const id = /"id":"([0-9a-f]+)"/.exec(answer)?.[1];
      if (id !== undefined) socket.write(`DELETE /v1/leases/${id} HTTP/1.1\r\nhost: n\r\n\r\n`);
      else if (answer.startsWith('HTTP/1.1 204') && --left > 0 && !signal.aborted) socket.write(acquire);
      else socket.end();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
  });
}

/** What containers have in common, in the order in which `runc spec` writes it. */
const SPEC = {
  ociVersion: '1.0.2',
  process: {
    user: { uid: 0, gid: 0 },
    args: ['sh'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
    cwd: '/',
    capabilities: Object.fromEntries(
      ['bounding', 'effective', 'permitted'].map((set) => [
        set,
        ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'],
      ]),
    ),
    noNewPrivileges: true,
  },
  root: { path: 'rootfs', readonly: true },
  hostname: 'container',
  mounts: ['/proc', '/dev', '/dev/pts', '/dev/shm', '/dev/mqueue', '/sys', '/sys/fs/cgroup'].map((destination) => ({
    destination,
    type: destination === '/proc' ? 'proc' : 'tmpfs',
    source: 'none',
    options: ['nosuid', 'noexec', 'nodev'],
  })),
  linux: {
    resources: { devices: [{ allow: false, access: 'rwm' }] },
    namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
    maskedPaths: ['/proc/acpi', '/proc/kcore', '/proc/keys', '/sys/firmware', '/proc/scsi'],
    readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
  },
};

/** One start and end of a container, on a connection of its own. */
function patchAndRelease(path: string, bundle: string): Promise<void> {
  const agent = 'HTTP/1.1\r\nHost: netnsd\r\nUser-Agent: netnsd-runc\r\nAccept: application/json\r\n';
  const body = JSON.stringify({ bundle, containerId: 'warm-up' });
  const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return new Promise((resolve) => {
    const socket: Socket = connect(path);
    socket.on('connect', () => socket.write(`POST /v1/oci/patch ${agent}${type}${body}`));
    socket.once('data', () => socket.end(`DELETE /v1/containers/warm-up/lease?force=true ${agent}\r\n`));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
  });
}
