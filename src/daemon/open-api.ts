import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import { connectionLimit } from '../api/connection-limit.js';
import type { Config } from '../config/index.js';
import { ContainerGrafts } from '../containers/graft-container.js';
import { leaseBundle } from '../containers/lease-bundle.js';
import { LeaseDns } from '../containers/lease-dns.js';
import type { EndpointThread } from '../endpoint/thread/endpoint-thread.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import { groupId } from '../kernel/process/group.js';
import { peerOf } from '../kernel/process/peer.js';
import type { ReconcileSchedule } from '../reconcile/index.js';
import { assertPlaceSafe } from '../state/index.js';
import { readVersion } from '../version.js';
import type { OpenPools } from './open-pools.js';

/** The API room, which is imported while the kernel thread loads its own code. */
export type ApiRoom = typeof import('../api/index.js');

/** Opens the socket and answers on it. Throws state_dir_unsafe, config_invalid and daemon_running. */
export async function openApi(options: {
  api: ApiRoom;
  config: Config;
  socketPath: string;
  startedAt: number;
  opened: OpenPools;
  thread: EndpointThread;
  reconcile: ReconcileSchedule;
  log: Logger;
}): Promise<{ close(options: { deadlineMs: number }): Promise<void> }> {
  const { api, config, socketPath, startedAt, opened, thread, reconcile, log } = options;
  const { pools, leaseFiles } = opened;
  const mountDns = (name: string): boolean => config.pools.some((pool) => pool.name === name && pool.mountDns);
  const dns = new LeaseDns({ pools, files: leaseFiles, mountDns, log });
  const grafts = new ContainerGrafts({
    pools,
    graft: (name, targetFd) => thread.graft(name, targetFd),
    users: netnsUsers,
    ownInode: statSync('/proc/self/ns/net').ino,
  });
  const server = await api.createApi({
    service: pools,
    log,
    version: readVersion(),
    startedAt,
    patchBundle: (request) => leaseBundle(pools, request, dns),
    dnsFiles: (leaseId, hostname) => dns.write(leaseId, hostname),
    graftContainer: (request) => grafts.graft(request),
    reconcile: (request) => reconcile.run(request),
    peerOf,
    maxConnections: connectionLimit(),
  });
  assertPlaceSafe(socketPath, '--socket');
  await api.listenOnSocket(server, {
    path: socketPath,
    groupId: groupId(config.socketGroup),
    mode: config.socketMode === null ? null : Number.parseInt(config.socketMode, 8),
  });
  return { close: (closing) => api.closeApi(server, closing) };
}
