import { type ErrorDetails, NetnsdError } from '../../errors.js';
import { errnoOf, isNotFound } from '../../kernel/errno.js';
import { refuseAdvertisements } from '../../kernel/host/ipv6-sysctls.js';
import { isSysctlOf, writeSysctl } from '../../kernel/host/sysctls.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { createNetns, inside, type NetnsHandle, removeNetns, ThreadLostError } from '../../kernel/netns/netns.js';
import { SysctlFolder } from '../../kernel/netns/sysctl-folder.js';
import { deleteLink } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import type { HubPort } from '../network/network.js';
import type { EndpointPlan } from '../plan.js';
import type { Settled } from '../types.js';
import type { BuildStep } from './steps.js';
import { UndoStack } from './undo-stack.js';

export interface BuildTarget {
  readonly plan: EndpointPlan;
  readonly port: HubPort;
  /** False: the host's end is up, in the hub and a port of nothing. */
  readonly isPort?: boolean;
}

/** One endpoint on its way: what exists of it so far, or why it failed. */
export class Build implements BuildTarget {
  readonly plan: EndpointPlan;
  readonly port: HubPort;
  readonly isPort: boolean;
  /** A socket inside; null before the namespace is made, and where that failed. */
  socket: NetlinkSocket | null = null;
  /** What the kernel says of the host's end that it made; undefined before it did. */
  reply: Buffer | undefined;
  /** Index of the host's end in its hub, and of eth0 inside. */
  hostIndex = 0;
  peerIndex = 0;
  readonly #undo = new UndoStack();
  #namespace: NetnsHandle | null = null;
  #inode = 0;
  #failure: NetnsdError | null = null;

  constructor({ plan, port, isPort = true }: BuildTarget) {
    this.plan = plan;
    this.port = port;
    this.isPort = isPort;
  }

  get failed(): boolean {
    return this.#failure !== null;
  }

  get netnsFd(): number {
    return this.#namespace?.fd ?? -1;
  }

  /** To be called within the vault. `sysctls`: needed of a pool with IPv6, or with sysctls. */
  makeNamespace({ home, vault }: Host, sysctls: SysctlFolder | null): void {
    const path = vault.mountPoint(this.plan.name.id);
    try {
      const act = (): NetlinkSocket => {
        if (this.plan.ipv6 !== null && sysctls !== null) refuseAdvertisements(sysctls.path);
        // Before there is an interface, which gets what is the default by then.
        this.#setSysctls(sysctls, { ofInterface: false });
        return NetlinkSocket.open();
      };
      const made = createNetns({ path, home, act });
      this.#undo.push(() => vault.within(() => removeNetns(path)));
      this.#namespace = made.handle;
      this.socket = made.result;
      this.#inode = made.inode;
    } catch (error) {
      if (error instanceof ThreadLostError) throw error;
      this.fail('namespace', error);
    }
  }

  /** The pair is there, made by this build. */
  linked({ index, peerIndex = 0 }: { index: number; peerIndex?: number | undefined }): void {
    this.hostIndex = index;
    this.peerIndex = peerIndex;
    this.#undo.push(() => {
      const [outcome] = this.port.hub.socket.transact([deleteLink({ index })]);
      if (outcome?.ok === false && !isNotFound(outcome.error)) throw outcome.error;
    });
  }

  /** What can be set only where the interface is there. */
  setInterfaceSysctls({ home }: Host): void {
    const { interfaceName, sysctls } = this.plan;
    const namespace = this.#namespace;
    if (namespace === null || this.failed || !sysctls.some((one) => isSysctlOf(interfaceName, one))) return;
    try {
      using folder = SysctlFolder.open();
      inside({ namespace, home, act: () => this.#setSysctls(folder, { ofInterface: true }) });
    } catch (error) {
      if (error instanceof ThreadLostError) throw error;
      this.fail('sysctl', error);
    }
  }

  #setSysctls(folder: SysctlFolder | null, { ofInterface }: { ofInterface: boolean }): void {
    const { interfaceName, sysctls } = this.plan;
    for (const sysctl of sysctls)
      if (isSysctlOf(interfaceName, sysctl) === ofInterface) writeSysctl(sysctl, folder?.path);
  }

  /** The first failure counts: later ones follow from it. */
  fail(step: BuildStep, cause: unknown): void {
    const { name } = this.plan;
    const why = cause instanceof Error ? cause.message : String(cause);
    const details: ErrorDetails = {
      endpoint: name.id,
      step,
      errno: errnoOf(cause),
      ...(cause instanceof NetnsdError ? cause.details : {}),
    };
    const message = `cannot build endpoint ${name.id}, at step ${step}: ${why}`;
    this.#failure ??= new NetnsdError('build_failed', message, { details, cause });
  }

  /** Gives back what holds on to the namespace beside its mount. */
  leave(): void {
    this.socket?.close();
    this.#namespace?.close();
  }

  /** After `leave`: the namespace's inode, or the failure, once all that was made is undone. */
  settle(): Settled<number> {
    if (this.#failure === null) {
      this.#undo.commit();
      return { ok: true, value: this.#inode };
    }
    const left = this.#undo.undo();
    if (left !== null) this.#failure.details.undo = left;
    return { ok: false, error: this.#failure };
  }
}
