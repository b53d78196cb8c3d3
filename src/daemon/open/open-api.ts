import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import { connectionLimit } from '../../api/connection-limit.js';
import { type Config, describePool } from '../../config/index.js';
import { ContainerGrafts } from '../../containers/graft-container.js';
import { leaseBundle } from '../../containers/lease-bundle.js';
import { LeaseDns } from '../../containers/lease-dns.js';
import type { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import { NetnsdError } from '../../errors.js';
import { netnsUsers } from '../../kernel/netns/netns-users.js';
import { groupId } from '../../kernel/process/group.js';
import { peerOf } from '../../kernel/process/peer.js';
import type { ReconcileSchedule } from '../../reconcile/index.js';
import { AttachmentFiles } from '../../state/index.js';
import { readVersion } from '../../version.js';
import type { Reload } from '../reload/reload.js';
import { latePools } from './late-pools.js';
import type { PlannedNetworks } from './open-networks.js';
import type { OpenPools } from './open-pools.js';
import type { OpenState } from './open-state.js';

/** The API room, which is imported while the kernel thread loads its own code. */
export type ApiRoom = typeof import('../../api/index.js');

/** What the API needs of a daemon that has started. */
export interface Started {
  readonly opened: OpenPools;
  readonly reconcile: ReconcileSchedule;
}

export interface OpenApi extends AsyncDisposable {
  /** Lets requests in; before, only the status and the health of the daemon are answered. */
  start(started: Started): void;
  /** Listens on a new socket, where the first one was removed. Throws bad_usage and daemon_running. */
  listenAgain(): Promise<void>;
  close(options: { deadlineMs: number }): Promise<void>;
}

interface OpenApiOptions {
  readonly api: ApiRoom;
  readonly config: Config;
  readonly socketPath: string;
  readonly startedAt: number;
  readonly state: Pick<OpenState, 'stateDir'>;
  readonly thread: EndpointThread;
  readonly reload: Reload;
  readonly planned: PlannedNetworks;
  readonly warnings: readonly string[];
  readonly log: Logger;
}

/** What answers requests, made when the daemon has started. */
interface Serving extends Started {
  readonly dns: LeaseDns;
  readonly grafts: ContainerGrafts;
}

/**
 * Opens the socket and answers on it. Requests wait until `start` is called, so that clients need not try again, however many
 * endpoints the daemon takes over. Throws bad_usage and daemon_running.
 */
export async function openApi(options: OpenApiOptions): Promise<OpenApi> {
  const { api, config, socketPath, startedAt, state, reload, planned, warnings, log } = options;
  const attachments = new AttachmentFiles(state.stateDir);
  let serving: Serving | undefined;
  const now = (): Serving => {
    if (serving === undefined) throw new NetnsdError('internal', 'the daemon has not started');
    return serving;
  };
  let letIn = (): void => undefined;
  const started = new Promise<void>((resolve) => {
    letIn = resolve;
  });
  const settingsOf = (name: string) => {
    const { config: whole, retired } = now().opened;
    const pool = whole.pools.find((one) => one.name === name);
    if (pool === undefined || retired.has(name)) return undefined;
    const settings = describePool(pool);
    return pool.mtuBytes === 'auto' ? { ...settings, mtu: `auto (${planned.egressMtuBytes})` } : settings;
  };
  const service = latePools(() => now().opened.pools);
  const server = await api.createApi({
    service,
    started,
    log,
    version: readVersion(),
    startedAt,
    warnings,
    attachmentOf: (containerId) => attachments.read(containerId),
    settingsOf,
    configuration: () => reload.state,
    reload: () => reload.run(),
    patchBundle: (request) => leaseBundle(service, request, now().dns),
    dnsFiles: (leaseId, hostname) => now().dns.write(leaseId, hostname),
    graftContainer: (request) => now().grafts.graft(request),
    reconcile: (request) => now().reconcile.run(request),
    peerOf,
    maxConnections: connectionLimit(),
  });
  const listening = {
    path: socketPath,
    groupId: groupId(config.socketGroup),
    mode: config.socketMode === null ? null : Number.parseInt(config.socketMode, 8),
  };
  await api.listenOnSocket(server, listening);
  const again: { close(): void }[] = [];
  const close = (closing: { deadlineMs: number }): Promise<void> => {
    for (const one of again.splice(0)) one.close();
    return api.closeApi(server, closing);
  };
  return {
    start(parts) {
      serving = { ...parts, ...servingOf(parts, options) };
      letIn();
    },
    listenAgain: async () => void again.push(await api.listenAgain(server, listening)),
    close,
    // Requests that still wait are of a start that has failed.
    [Symbol.asyncDispose]: () => close({ deadlineMs: 0 }),
  };
}

function servingOf({ opened }: Started, { thread, log }: OpenApiOptions): Pick<Serving, 'dns' | 'grafts'> {
  const { config, pools, leaseFiles } = opened;
  const mountDns = (name: string): boolean => config.pools.some((pool) => pool.name === name && pool.mountDns);
  return {
    dns: new LeaseDns({ pools, files: leaseFiles, mountDns, log }),
    grafts: new ContainerGrafts({
      pools,
      graft: (name, targetFd) => thread.graft(name, targetFd),
      users: netnsUsers,
      ownInode: statSync('/proc/self/ns/net').ino,
    }),
  };
}
