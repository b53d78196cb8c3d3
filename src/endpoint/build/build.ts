import { type ErrorDetails, NetnsdError } from '../../errors.js';
import { errnoOf } from '../../kernel/errno.js';
import { NetlinkSocket, type Outcome, type Request } from '../../kernel/netlink/netlink-socket.js';
import { createNetns, type NetnsHandle, removeNetns, ThreadLostError } from '../../kernel/netns/netns.js';
import { addAddress } from '../../kernel/rtnetlink/address.js';
import { addForwarding } from '../../kernel/rtnetlink/forwarding.js';
import {
  createVeth,
  getLink,
  parseLink,
  setLink,
  setQuietPort,
  stopIpv6Addresses,
} from '../../kernel/rtnetlink/link.js';
import { addNeighbour } from '../../kernel/rtnetlink/neighbour.js';
import { addDefaultRoute } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import type { BridgePort } from '../network/network.js';
import { CONTAINER_INTERFACE, type EndpointPlan } from '../plan.js';
import type { Settled, Site } from '../types.js';
import { destroyEndpoints } from './destroy.js';

/** The steps of a build, in order; an error names the one that failed. */
export type BuildStep = 'namespace' | 'veth' | 'host link' | 'container link' | 'address' | 'route' | 'bridge port';

export interface BuildTarget {
  readonly plan: EndpointPlan;
  /** Null: the host's link is up, and a port of nothing. */
  readonly port: BridgePort | null;
}

/** One endpoint on its way: what exists of it so far, or why it failed. */
interface Work {
  readonly plan: EndpointPlan;
  readonly port: BridgePort | null;
  namespace?: NetnsHandle;
  socket?: NetlinkSocket;
  inode: number;
  /** Index of the host's link. */
  hostIndex: number;
  /** Whether the veth pair is there, made by this build. */
  linked: boolean;
  failure?: NetnsdError;
}

/** Requests of one step; their outcomes are read in the same order. */
export interface Step {
  readonly step: BuildStep;
  readonly request: Request;
}

const LOOPBACK_INDEX = 1;

/**
 * Builds endpoints complete: the namespace mounted at its path, lo up, eth0 up with MAC, address and default route, the
 * host's link a port of the bridge. Resolves, in the order of `targets`, with the namespace's inode, or with the error
 * `build_failed` that names the step, after everything of that endpoint has been undone. IPv6 addresses are not
 * generated on either end: their probes and reports would be flooded to every port of the bridge.
 */
export async function buildEndpoints(options: {
  host: Host;
  site: Site;
  targets: readonly BuildTarget[];
}): Promise<Settled<number>[]> {
  const { host, site, targets } = options;
  const works = targets.map((target): Work => ({ ...target, inode: 0, hostIndex: 0, linked: false }));
  try {
    for (const work of works) makeNamespace(work, host);
    await connect(works, host);
  } finally {
    for (const work of works) {
      work.socket?.close();
      work.namespace?.close();
    }
  }
  await undo(works, host, site);
  return works.map((work) =>
    work.failure === undefined ? { ok: true, value: work.inode } : { ok: false, error: work.failure },
  );
}

function makeNamespace(work: Work, host: Host): void {
  try {
    const made = createNetns({ path: work.plan.netnsPath, home: host.home, act: () => NetlinkSocket.open() });
    work.namespace = made.handle;
    work.socket = made.result;
    work.inode = made.inode;
  } catch (error) {
    if (error instanceof ThreadLostError) throw error;
    fail(work, 'namespace', error);
  }
}

/**
 * Three sends: the pairs, the insides, the host's ends. A host's end joins the bridge last and comes up in the same
 * request, since each change of carrier while it is a port costs the kernel more (9 to 11 % of a build).
 */
async function connect(works: readonly Work[], host: Host): Promise<void> {
  const replies = await askSilent(works, host, await transact(works, host.socket, pairSteps));
  await Promise.all(
    works.map(async (work, position) => {
      const reply = replies[position];
      work.linked = reply !== undefined;
      if (work.failure !== undefined || work.socket === undefined || reply === undefined) return;
      const { index, peerIndex: linkIndex = 0 } = parseLink(reply);
      work.hostIndex = index;
      await transact([work], work.socket, ({ plan }) => [LOOPBACK_STEP, ...interfaceSteps(plan, linkIndex)]);
    }),
  );
  await transact(works, host.socket, portSteps);
}

/** Kernels before 6.2 do not echo the links that they make (rtnl_newlink of net/core/rtnetlink.c): they are asked for them. */
async function askSilent(
  works: readonly Work[],
  host: Host,
  echoes: readonly (Buffer | undefined)[],
): Promise<readonly (Buffer | undefined)[]> {
  const silent = works.filter((work, position) => work.failure === undefined && echoes[position] === undefined);
  if (silent.length === 0) return echoes;
  const replies = await transact(silent, host.socket, ({ plan }) => [
    { step: 'veth', request: getLink(plan.hostName) },
  ]);
  const asked = new Map(silent.map((work, position) => [work, replies[position]]));
  return works.map((work, position) => echoes[position] ?? asked.get(work));
}

/** Sends the steps of all that have not failed, notes failures, and returns each one's first reply. */
async function transact(
  works: readonly Work[],
  socket: NetlinkSocket,
  stepsOf: (work: Work) => Step[],
): Promise<(Buffer | undefined)[]> {
  const batches = works.map((work) => (work.failure === undefined ? stepsOf(work) : []));
  let outcomes: readonly Outcome[];
  try {
    outcomes = await socket.transact(batches.flat().map(({ request }) => request));
  } catch (error) {
    for (const [position, work] of works.entries()) {
      const step = batches[position]?.[0]?.step;
      if (step !== undefined) fail(work, step, error);
    }
    return [];
  }
  let at = 0;
  return works.map((work, position) => {
    const steps = batches[position] ?? [];
    const own = outcomes.slice(at, at + steps.length);
    at += steps.length;
    note(work, steps, own);
    return own[0]?.ok ? own[0].replies[0] : undefined;
  });
}

function pairSteps({ plan, namespace }: Work): Step[] {
  const { mtuBytes, hostName } = plan;
  const host = { name: hostName, mac: plan.hostMac, mtuBytes };
  const peer = { name: CONTAINER_INTERFACE, mac: plan.containerMac, mtuBytes };
  return [
    { step: 'veth', request: createVeth({ host, peer, peerNetnsFd: namespace?.fd ?? -1 }) },
    { step: 'host link', request: setLink({ name: hostName }, { alias: plan.alias }) },
    { step: 'host link', request: stopIpv6Addresses({ name: hostName }) },
  ];
}

/** Brings lo up, upon which the kernel gives it 127.0.0.1. */
export const LOOPBACK_STEP: Step = {
  step: 'container link',
  request: setLink({ index: LOOPBACK_INDEX }, { up: true }),
};

/** Makes eth0, which has a name and a MAC already, what its plan says. */
export function interfaceSteps(plan: EndpointPlan, linkIndex: number): Step[] {
  const { address, prefixLength, broadcast, gateway } = plan;
  const link = { index: linkIndex };
  return [
    { step: 'container link', request: stopIpv6Addresses(link) },
    { step: 'container link', request: setLink(link, { up: true }) },
    { step: 'address', request: addAddress({ linkIndex, address, prefixLength, broadcast }) },
    { step: 'route', request: addDefaultRoute({ gateway, linkIndex }) },
  ];
}

/**
 * The bridge knows its endpoints beforehand: it forwards and answers ARP for them by itself, and floods nothing. With a
 * thousand ports, one flooded ARP request costs milliseconds and overflows net.core.netdev_max_backlog.
 */
export function portRequests(plan: EndpointPlan, port: BridgePort, hostIndex: number): Request[] {
  const { address, containerMac: mac } = plan;
  const link = { index: hostIndex };
  return [
    setLink(link, { masterIndex: port.bridgeIndex, up: true }),
    setQuietPort(link),
    addForwarding({ portIndex: hostIndex, mac }),
    ...port.neighbourIndexes.map((linkIndex) => addNeighbour({ linkIndex, address, mac })),
  ];
}

function portSteps({ plan, port, hostIndex }: Work): Step[] {
  const requests = port === null ? [setLink({ index: hostIndex }, { up: true })] : portRequests(plan, port, hostIndex);
  return requests.map((request) => ({ step: 'bridge port', request }));
}

/** Takes the first failure of the outcomes as the endpoint's: later ones follow from it. */
function note(work: Work, steps: readonly Step[], outcomes: readonly Outcome[]): void {
  for (const [position, { step }] of steps.entries()) {
    const outcome = outcomes[position];
    if (outcome?.ok !== false) continue;
    fail(work, step, outcome.error);
    return;
  }
}

function fail(work: Work, step: BuildStep, cause: unknown): void {
  const { name } = work.plan;
  const why = cause instanceof Error ? cause.message : String(cause);
  const details: ErrorDetails = {
    endpoint: name.id,
    step,
    errno: errnoOf(cause),
    ...(cause instanceof NetnsdError ? cause.details : {}),
  };
  work.failure ??= new NetnsdError('build_failed', `cannot build endpoint ${name.id}, at step ${step}: ${why}`, {
    details,
    cause,
  });
}

/**
 * Removes what failed builds had made, and only that: a link or mount that was in the way is somebody else's. What the
 * undoing itself ran into goes into the error's details.
 */
async function undo(works: readonly Work[], host: Host, site: Site): Promise<void> {
  const linked = works.filter((work) => work.failure !== undefined && work.linked);
  const outcomes = await destroyEndpoints({ host, site, names: linked.map((work) => work.plan.name) });
  for (const [position, work] of linked.entries()) {
    const outcome = outcomes[position];
    if (outcome?.ok === false && work.failure !== undefined) work.failure.details.undo = outcome.error.message;
  }
  for (const work of works) {
    if (work.failure === undefined || work.linked || work.namespace === undefined) continue;
    try {
      removeNetns(work.plan.netnsPath);
    } catch (error) {
      work.failure.details.undo = error instanceof Error ? error.message : String(error);
    }
  }
}
