import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import { connectionLimit } from '../../api/connection-limit.js';
import { type Config, describePool } from '../../config/index.js';
import { ContainerGrafts } from '../../containers/graft-container.js';
import { leaseBundle } from '../../containers/lease-bundle.js';
import { LeaseDns } from '../../containers/lease-dns.js';
import type { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import { netnsUsers } from '../../kernel/netns/netns-users.js';
import { groupId } from '../../kernel/process/group.js';
import { peerOf } from '../../kernel/process/peer.js';
import type { ReconcileSchedule } from '../../reconcile/index.js';
import { AttachmentFiles } from '../../state/index.js';
import { readVersion } from '../../version.js';
import type { OpenPools } from './open-pools.js';
import type { OpenState } from './open-state.js';

/** The API room, which is imported while the kernel thread loads its own code. */
export type ApiRoom = typeof import('../../api/index.js');

export interface OpenApi {
  /** Listens on a new socket, where the first one was removed. Throws bad_usage and daemon_running. */
  listenAgain(): Promise<void>;
  close(options: { deadlineMs: number }): Promise<void>;
}

/** Opens the socket and answers on it. Throws bad_usage and daemon_running. */
export async function openApi(options: {
  api: ApiRoom;
  config: Config;
  socketPath: string;
  startedAt: number;
  state: Pick<OpenState, 'stateDir'>;
  opened: OpenPools;
  thread: EndpointThread;
  reconcile: ReconcileSchedule;
  warnings: readonly string[];
  log: Logger;
}): Promise<OpenApi> {
  const { api, config, socketPath, startedAt, state, opened, thread, reconcile, warnings, log } = options;
  const { pools, leaseFiles } = opened;
  const attachments = new AttachmentFiles(state.stateDir);
  const mountDns = (name: string): boolean => config.pools.some((pool) => pool.name === name && pool.mountDns);
  const dns = new LeaseDns({ pools, files: leaseFiles, mountDns, log });
  const grafts = new ContainerGrafts({
    pools,
    graft: (name, targetFd) => thread.graft(name, targetFd),
    users: netnsUsers,
    ownInode: statSync('/proc/self/ns/net').ino,
  });
  const settingsOf = (name: string) => {
    const pool = config.pools.find((one) => one.name === name);
    return pool === undefined || opened.retired.has(name) ? undefined : describePool(pool);
  };
  const server = await api.createApi({
    service: pools,
    log,
    version: readVersion(),
    startedAt,
    warnings,
    attachmentOf: (containerId) => attachments.read(containerId),
    settingsOf,
    patchBundle: (request) => leaseBundle(pools, request, dns),
    dnsFiles: (leaseId, hostname) => dns.write(leaseId, hostname),
    graftContainer: (request) => grafts.graft(request),
    reconcile: (request) => reconcile.run(request),
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
  return {
    listenAgain: async () => void again.push(await api.listenAgain(server, listening)),
    close(closing) {
      for (const one of again.splice(0)) one.close();
      return api.closeApi(server, closing);
    },
  };
}
