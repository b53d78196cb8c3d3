import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../../kernel/errno.js';
import { inside, NetnsHandle, ThreadLostError } from '../../kernel/netns/netns.js';
import { type NetnsCensus, UNSEEN_PID } from '../../kernel/netns/netns-census.js';
import { netnsHolders } from '../../kernel/netns/netns-holders.js';
import { getLink, parseLink } from '../../kernel/rtnetlink/link.js';
import { getRate, isLimitOfPool } from '../../kernel/rtnetlink/qdisc.js';
import type { Host } from '../host.js';
import { transactAll } from '../hub/socket-request.js';
import { forgetAddresses } from '../network/forget-connections.js';
import type { HubPort } from '../network/network.js';
import { addressBytes, type EndpointPlan } from '../plan.js';
import { emptyCaches } from './fingerprint/caches.js';
import { resetEngineSysctls } from './fingerprint/engine-sysctls.js';
import { compareFingerprints, type Deviation, findUnannounced, readFingerprint } from './fingerprint/fingerprint.js';
import { PROTOCOL_SOCKETS, SOCKETS } from './fingerprint/proc-items.js';
import type { References } from './fingerprint/references.js';
import { NamespaceView, type Surroundings } from './namespace-view.js';
import type { Seals } from './seals.js';

/**
 * When to verify again, in milliseconds: the kernel frees a closed socket after an RCU grace period, and tells the state of a
 * link that is new with a delay.
 */
const ATTEMPTS_MS = [0, 30, 120];
/** Endpoints verified before the thread yields: about 2 ms. */
const ENDPOINTS_A_TURN = 4;
const PASSING: ReadonlySet<string> = new Set([SOCKETS.name, PROTOCOL_SOCKETS.name, 'links']);

/** By its seal, or by reading and comparing everything. */
export type VerifyWay = 'seal' | 'proof';

export interface EndpointTarget {
  readonly plan: EndpointPlan;
  /** The namespace's inode, as it was built. */
  readonly netnsInode: number;
}

export interface VerifyTarget extends EndpointTarget {
  readonly way: VerifyWay;
  /** The container's spec leaves no way to change the network. */
  readonly unprivileged: boolean;
  /** Where its link is; undefined: in no hub of its pool. */
  readonly port: HubPort | undefined;
}

/** What verifying one endpoint has found. */
export type Verdict =
  | { readonly clean: true; readonly way: VerifyWay; readonly sealed: boolean }
  /** Of what kind the trace is that was found, and the trace in words. */
  | { readonly clean: false; readonly kind: string; readonly text: string };

export interface Verifier {
  readonly host: Host;
  readonly census: NetnsCensus;
  readonly seals: Seals;
  readonly references: References;
  readonly surroundings: Surroundings;
}

interface Work extends VerifyTarget {
  verdict: Verdict | null;
  hostIndex: number;
}

/**
 * Verifies that released endpoints are pristine, in one of two ways: seal or proof. A broken seal is followed by proof.
 * First that no process is inside and nothing holds on to a namespace (one walk for all), then that the host's side is as
 * it was built and has forgotten the address, then the namespace itself. Nothing is repaired; only caches of ordinary
 * traffic are emptied. Any error is a verdict against the endpoint.
 */
export async function verifyEndpoints(verifier: Verifier, targets: readonly VerifyTarget[]): Promise<Verdict[]> {
  const works = targets.map((target): Work => ({ ...target, verdict: null, hostIndex: 0 }));
  await findHolders(verifier, works);
  checkHost(works);
  await forget(verifier, works);
  let verified = 0;
  for (const waitMs of ATTEMPTS_MS) {
    if (waitMs > 0 && works.some(mayPass)) await delay(waitMs);
    for (const work of works) {
      if (work.verdict !== null && !mayPass(work)) continue;
      work.verdict = verifyInside(verifier, work);
      // Urgent work, such as a cold build, goes in between.
      verified += 1;
      if (verified % ENDPOINTS_A_TURN === 0) await new Promise(setImmediate);
    }
  }
  return works.map(({ verdict }) => verdict ?? against('error', 'it was not verified'));
}

/** Seals endpoints that are ready; false for those that could not be sealed. The caller keeps them ready meanwhile. */
export function sealEndpoints(verifier: Verifier, targets: readonly EndpointTarget[]): boolean[] {
  return targets.map((target) => {
    try {
      return enterEndpoint(verifier, { ...target, hostIndex: 0 }, () =>
        verifier.seals.seal(target.plan.name.id, target.netnsInode),
      );
    } catch (error) {
      // A mount that is gone, a kernel short of something: it goes without a seal, and is proven after its release.
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  });
}

/** Deviations that the kernel resolves by itself shortly after a release. */
function mayPass({ verdict }: Work): boolean {
  return verdict?.clean === false && PASSING.has(verdict.kind);
}

async function findHolders({ host, seals, census }: Verifier, works: readonly Work[]): Promise<void> {
  const sure = works.every(({ way, plan }) => way === 'seal' && seals.state(plan.name.id).intact);
  if (sure) {
    const users = census.users(works.map(({ netnsInode }) => netnsInode));
    for (const work of works) {
      const [pid] = users.get(work.netnsInode) ?? [];
      if (pid === undefined) continue;
      const who = pid === UNSEEN_PID ? 'a process that netnsd cannot see' : `process ${pid}`;
      work.verdict = against('process inside', `${who} is inside`);
    }
    return;
  }
  const holders = await netnsHolders({
    inodes: new Set(works.map(({ netnsInode }) => netnsInode)),
    vaultInode: host.vault.inode,
    self: process.pid,
  });
  for (const work of works) {
    const found = holders.get(work.netnsInode) ?? [];
    // Whatever else holds on: with a process inside the endpoint may not be destroyed.
    const occupant = found.find((who) => who.endsWith('inside'));
    if (occupant !== undefined) work.verdict = against('process inside', occupant);
    else if (found[0] !== undefined) work.verdict = against('held open', found[0]);
  }
}

/** The host's end must be in its hub, up, a port of the bridge, and have its alias, MAC, MTU and rate. */
function checkHost(works: readonly Work[]): void {
  const placed = works.flatMap((work) => (work.port === undefined ? [] : [{ work, hub: work.port.hub }]));
  const outcomes = transactAll(
    placed.map(({ work, hub }) => ({ socket: hub.socket, request: getLink(work.plan.hostName) })),
  );
  for (const work of works) if (work.port === undefined) work.verdict ??= against('host link', 'it is in no hub');
  for (const [position, { work, hub }] of placed.entries()) {
    const outcome = outcomes[position];
    const reply = outcome?.ok ? outcome.replies[0] : undefined;
    if (reply === undefined) {
      work.verdict ??= against('host link', `${work.plan.hostName} is gone`);
      continue;
    }
    const link = parseLink(reply);
    work.hostIndex = link.index;
    const mac = work.plan.hostMac.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    if (!link.up || link.masterIndex !== hub.bridgeIndex)
      work.verdict ??= against('host link', `${link.name} is down or no port of its bridge`);
    else if (link.alias !== work.plan.alias || link.mac !== mac || link.mtuBytes !== work.plan.mtuBytes)
      work.verdict ??= against('host link', `${link.name} is not as it was built`);
    else if ((link.qdisc === 'tbf') !== (work.plan.rateInBits !== null))
      work.verdict ??= against('host link', `${link.name} has not the rate of its pool`);
  }
  checkRates(placed.filter(({ work }) => work.verdict === null && work.plan.rateInBits !== null));
}

/** A pod may have had a rate of its own. */
function checkRates(placed: readonly { work: Work; hub: HubPort['hub'] }[]): void {
  const requests = placed.map(({ work, hub }) => ({ socket: hub.socket, request: getRate(work.hostIndex) }));
  for (const [position, outcome] of transactAll(requests).entries()) {
    const reply = outcome.ok ? outcome.replies[0] : undefined;
    const work = placed[position]?.work as Work;
    if (reply === undefined || !isLimitOfPool(reply))
      work.verdict ??= against('host link', `${work.plan.hostName} has not the rate of its pool`);
  }
}

async function forget({ host }: Verifier, works: readonly Work[]): Promise<void> {
  const passing = works.filter(({ verdict }) => verdict === null);
  try {
    await forgetAddresses(
      host,
      passing.flatMap(({ plan }) => addressBytes(plan)),
    );
  } catch (error) {
    // If the flush may be incomplete, the endpoint is replaced.
    for (const work of passing) work.verdict = against('host conntrack', wordsOf(error));
  }
}

function verifyInside(verifier: Verifier, work: Work): Verdict {
  const { seals, references } = verifier;
  const { id, pool } = work.plan.name;
  const pristine = references.get(pool);
  if (pristine === undefined) return against('no reference', 'no pristine endpoint of this pool was read yet');
  try {
    return enterEndpoint(verifier, work, (view) => {
      const sealed = work.way === 'seal' && seals.state(id).intact;
      const writes = seals.sysctlWrites(id);
      let deviation: Deviation | null = null;
      if (!sealed && writes !== null && writes > 0n) {
        deviation = { item: 'sysctls', text: `${writes} ${writes === 1n ? 'write' : 'writes'} to them` };
      } else {
        resetEngineSysctls(work.plan.sysctls);
        seals.wrote(id, emptyCaches(view));
        deviation = sealed
          ? findUnannounced(view, { pristine, unprivileged: work.unprivileged })
          : compareFingerprints(pristine, readFingerprint(view, { sysctls: writes === null }));
      }
      if (deviation !== null) {
        references.doubt(pool);
        return against(deviation.item, deviation.text);
      }
      return { clean: true, way: sealed ? 'seal' : 'proof', sealed: seals.seal(id, work.netnsInode) };
    });
  } catch (error) {
    if (error instanceof ThreadLostError) throw error;
    return against('error', wordsOf(error));
  }
}

/** Runs `act` inside the endpoint's namespace, after checking that it is the one that was built. */
export function enterEndpoint<T>(
  { host, seals, surroundings }: Verifier,
  target: EndpointTarget & { hostIndex: number },
  act: (view: NamespaceView) => T,
): T {
  const { plan, netnsInode, hostIndex } = target;
  const path = host.vault.pathOf(plan.name.id);
  const found = statSync(path).ino;
  if (found !== netnsInode) throw new Error('another namespace is mounted in its place');
  using namespace = NetnsHandle.open(path);
  return inside({
    namespace,
    home: host.home,
    act: () => {
      const listeners = seals.listeners(plan.name.id);
      using view = new NamespaceView({ plan, hostIndex, netnsFd: namespace.fd, listeners, surroundings });
      return act(view);
    },
  });
}

function against(kind: string, text: string): Verdict {
  return { clean: false, kind, text };
}

function wordsOf(error: unknown): string {
  if (errnoOf(error) === 'ENOENT') return 'its mount is gone';
  return error instanceof Error ? error.message : String(error);
}
