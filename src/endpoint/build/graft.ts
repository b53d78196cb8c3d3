import { fstatSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../../errors.js';
import { errnoOf, isNotFound } from '../../kernel/errno.js';
import { enableIpv6 } from '../../kernel/host/ipv6-sysctls.js';
import { writeSysctl } from '../../kernel/host/sysctls.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import type { Request } from '../../kernel/netlink/request.js';
import { inside, NetnsHandle, ThreadLostError } from '../../kernel/netns/netns.js';
import { deleteLink, getLink, isForwarding, type Link, parseLink, setLink } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import type { Hub } from '../hub/hub.js';
import { type EndpointPlan, macText } from '../plan.js';
import { type BuildStep, interfaceSteps, LOOPBACK_STEP } from './steps.js';

/** The steps of a graft, in order; an error names the one that failed. */
export type GraftStep = 'pooled namespace' | 'target namespace' | 'read' | 'move' | BuildStep;

/** When to check whether the bridge forwards to the port, in milliseconds after the check before; a quarter of a second in all. */
const PORT_CHECKS_MS = [0, 1, 2, 4, 8, 16, 32, 64, 128];

interface Step {
  readonly step: GraftStep;
  readonly request: Request;
}

/**
 * Moves an endpoint's interface into the network namespace behind the descriptor `targetFd`, and makes it there what it
 * was: eth0 with its MAC, up, address, default route, lo up. (`ip link set eth0 netns TARGET`, which takes addresses and
 * routes off.) The endpoint's own namespace stays mounted, empty. A target that has the interface already is done.
 *
 * Throws `graft_refused` where the target is the host's own namespace or a hub, or has another eth0, and `graft_failed` with step
 * and errno. Then the target is as it was, and the pair is gone if it had been moved: the endpoint is to be replaced.
 */
export async function graftEndpoint(options: {
  host: Host;
  hub: Hub;
  plan: EndpointPlan;
  targetFd: number;
}): Promise<void> {
  const { host, hub, plan, targetFd } = options;
  const { interfaceName } = plan;
  const { ino } = fstatSync(targetFd);
  if ([host.home, host].some(({ fd }) => fstatSync(fd).ino === ino)) throw refused(plan, "it is the host's own");
  if (host.hubs.all().some(({ inode }) => inode === ino)) throw refused(plan, 'it is a hub');
  using from = Side.open({ host, plan, step: 'pooled namespace', path: host.vault.pathOf(plan.name.id) });
  using into = Side.open({ host, plan, step: 'target namespace', path: `/proc/self/fd/${targetFd}` });
  const [taken] = into.links([interfaceName]);
  const [pooled] = from.links([interfaceName]);
  // By a graft that was cut short before its answer.
  if (taken !== undefined && pooled === undefined && isOurs(plan, taken)) return;
  if (taken !== undefined) {
    throw refused(plan, `it has an interface ${interfaceName} already; only one may give the container a network`);
  }
  if (pooled === undefined) throw failed(plan, 'read', new Error(`its own namespace has no ${interfaceName}`));
  if (!isOurs(plan, pooled)) throw failed(plan, 'read', new Error(`${interfaceName} has not the MAC of its plan`));
  try {
    from.apply([{ step: 'move', request: setLink({ index: pooled.index }, { netnsFd: targetFd }) }]);
    // It has another index there, if its own was taken.
    const [moved] = into.links([interfaceName]);
    if (moved === undefined) throw failed(plan, 'move', new Error('the interface is not where it was moved to'));
    // The link takes on what the target has by default, which may be no IPv6 at all.
    if (plan.ipv6 !== null) into.prepare();
    into.setSysctls();
    into.apply(interfaceSteps(plan, moved.index));
    // Last, and only now: once it was up, lo keeps the address that the kernel gives it.
    into.apply([LOOPBACK_STEP]);
    await untilForwarding(hub, plan);
  } catch (error) {
    undo({ plan, into, failure: error as NetnsdError });
    throw error;
  }
}

/**
 * The bridge hears a moment later that its port has a carrier again (net/core/link_watch.c), and drops what comes until
 * then: a container's first question for an address would be lost, and asked again a second later. A port that does not
 * come up in time is left to itself.
 */
async function untilForwarding(hub: Hub, plan: EndpointPlan): Promise<void> {
  for (const waitMs of PORT_CHECKS_MS) {
    if (waitMs > 0) await delay(waitMs);
    const [reply] = attempt(plan, 'bridge port', () => hub.socket.request(getLink(plan.hostName)));
    if (reply !== undefined && isForwarding(reply)) return;
  }
}

/**
 * Takes the interface away again, with the whole pair: the endpoint lacks its interface then, and is
 * replaced after its release. A failure to undo goes into the error's details.
 */
function undo(options: { plan: EndpointPlan; into: Side; failure: NetnsdError }): void {
  const { plan, into, failure } = options;
  try {
    const [present] = into.links([plan.interfaceName]);
    if (present === undefined || !isOurs(plan, present)) return;
    into.apply([{ step: 'move', request: deleteLink({ index: present.index }) }]);
  } catch (error) {
    failure.details.undo = (error as Error).message;
  }
}

function isOurs(plan: EndpointPlan, link: Link): boolean {
  return link.mac === macText(plan.containerMac);
}

/** One of the two namespaces, by a socket that stays in it. */
class Side implements Disposable {
  readonly #plan: EndpointPlan;
  readonly #namespace: NetnsHandle;
  readonly #enter: (act: () => void) => void;
  readonly #socket: NetlinkSocket;

  static open(options: { host: Host; plan: EndpointPlan; step: GraftStep; path: string }): Side {
    const { host, plan, step, path } = options;
    try {
      const namespace = NetnsHandle.open(path);
      const enter = <T>(act: () => T): T => inside({ namespace, home: host.home, act });
      try {
        return new Side({ plan, namespace, enter, socket: enter(() => NetlinkSocket.open()) });
      } catch (error) {
        namespace.close();
        throw error;
      }
    } catch (error) {
      if (error instanceof ThreadLostError) throw error;
      throw failed(plan, step, error);
    }
  }

  private constructor(options: {
    plan: EndpointPlan;
    namespace: NetnsHandle;
    enter: (act: () => void) => void;
    socket: NetlinkSocket;
  }) {
    this.#plan = options.plan;
    this.#namespace = options.namespace;
    this.#enter = options.enter;
    this.#socket = options.socket;
  }

  /** See `enableIpv6`. */
  prepare(): void {
    attempt(this.#plan, 'container link', () => this.#enter(() => enableIpv6(this.#plan.interfaceName)));
  }

  /** Those of the pool: the namespace is another one than that in which they were set. */
  setSysctls(): void {
    const { sysctls } = this.#plan;
    if (sysctls.length === 0) return;
    attempt(this.#plan, 'sysctl', () =>
      this.#enter(() => {
        for (const sysctl of sysctls) writeSysctl(sysctl);
      }),
    );
  }

  /** Links by name, undefined where there is none. */
  links(names: readonly string[]): (Link | undefined)[] {
    const outcomes = attempt(this.#plan, 'read', () => this.#socket.transact(names.map(getLink)));
    return outcomes.map((outcome) => {
      if (!outcome.ok && !isNotFound(outcome.error)) throw failed(this.#plan, 'read', outcome.error);
      return outcome.ok && outcome.replies[0] !== undefined ? parseLink(outcome.replies[0]) : undefined;
    });
  }

  /** Sends all in one go; throws the first failure, since later ones follow from it. */
  apply(steps: readonly Step[]): void {
    const requests = steps.map(({ request }) => request);
    const outcomes = attempt(this.#plan, steps[0]?.step ?? 'move', () => this.#socket.transact(requests));
    for (const [position, outcome] of outcomes.entries())
      if (!outcome.ok) throw failed(this.#plan, steps[position]?.step ?? 'move', outcome.error);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
    this.#namespace.close();
  }
}

/** Runs `act`; what it throws is the failure of `step`. */
function attempt<T>(plan: EndpointPlan, step: GraftStep, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ThreadLostError) throw error;
    throw failed(plan, step, error);
  }
}

function refused({ name }: EndpointPlan, why: string): NetnsdError {
  const message = `cannot graft endpoint ${name.id} into the container's network namespace: ${why}`;
  return new NetnsdError('graft_refused', message, { details: { endpoint: name.id } });
}

function failed({ name }: EndpointPlan, step: GraftStep, cause: unknown): NetnsdError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const more = cause instanceof NetnsdError ? cause.details : {};
  const details = { endpoint: name.id, step, errno: errnoOf(cause), ...more };
  const message = `cannot graft endpoint ${name.id} into the container's network namespace, at step ${step}: ${why}`;
  return new NetnsdError('graft_failed', message, { details, cause });
}
