import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import type { Outcome } from '../../kernel/netlink/request.js';
import { ThreadLostError } from '../../kernel/netns/netns.js';
import { SysctlFolder } from '../../kernel/netns/sysctl-folder.js';
import { getLink, parseLinkIndexes } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import { transactAll } from '../hub/socket-request.js';
import type { Settled } from '../types.js';
import { Build, type BuildTarget } from './endpoint-build.js';
import { interfaceSteps, LOOPBACK_STEP, pairSteps, portSteps, type SocketStep, type Step } from './steps.js';

/**
 * Builds endpoints complete: the namespace mounted in the vault, lo up, eth0 up with MAC, address and default route, the
 * host's end a port of its hub's bridge. Returns, in the order of `targets`, the namespace's inode, or the error
 * `build_failed` that names the step, after everything of that endpoint has been undone. IPv6 addresses are not
 * generated on either end: their probes and reports would be flooded to every port of the bridge.
 *
 * Synchronous from end to end, and in few sends: all namespaces, all pairs, the inside of each, all host's ends.
 */
export function buildEndpoints({ host, targets }: { host: Host; targets: readonly BuildTarget[] }): Settled<number>[] {
  const builds = targets.map((target) => new Build(target));
  try {
    makeNamespaces(builds, host);
    makePairs(builds);
    for (const build of builds) configureInside(build, host);
    transact(builds, portSteps);
  } finally {
    for (const build of builds) build.leave();
  }
  return builds.map((build) => build.settle());
}

function makeNamespaces(builds: readonly Build[], host: Host): void {
  try {
    host.vault.within(() => {
      using sysctls = builds.some(({ plan }) => plan.ipv6 !== null || plan.sysctls.length > 0)
        ? SysctlFolder.open()
        : null;
      for (const build of builds) build.makeNamespace(host, sysctls);
    });
  } catch (error) {
    if (error instanceof ThreadLostError) throw error;
    for (const build of builds) if (build.socket === null) build.fail('namespace', error);
  }
}

function makePairs(builds: readonly Build[]): void {
  const echoes = transact(builds, ({ plan, netnsFd, port }) => sentTo(port.hub.socket, pairSteps(plan, netnsFd)));
  const links = askSilent(builds, echoes);
  for (const [position, build] of builds.entries()) {
    const link = links[position];
    if (link !== undefined) build.linked(parseLinkIndexes(link));
  }
}

/** Kernels before 6.2 do not echo the links that they make (rtnl_newlink of net/core/rtnetlink.c): they are asked for them. */
function askSilent(builds: readonly Build[], echoes: readonly (Buffer | undefined)[]): readonly (Buffer | undefined)[] {
  const silent = builds.filter(({ failed }, position) => !failed && echoes[position] === undefined);
  if (silent.length === 0) return echoes;
  const replies = transact(silent, ({ plan, port }) =>
    sentTo(port.hub.socket, [{ step: 'veth', request: getLink(plan.hostName) }]),
  );
  const asked = new Map(silent.map((build, position) => [build, replies[position]]));
  return builds.map((build, position) => echoes[position] ?? asked.get(build));
}

function configureInside(build: Build, host: Host): void {
  const { socket } = build;
  if (socket === null) return;
  transact([build], ({ plan, peerIndex }) => sentTo(socket, [LOOPBACK_STEP, ...interfaceSteps(plan, peerIndex)]));
  build.setInterfaceSysctls(host);
}

function sentTo(socket: NetlinkSocket, steps: readonly Step[]): SocketStep[] {
  return steps.map((step) => ({ ...step, socket }));
}

/** Sends the steps of all that have not failed, notes failures, and returns each one's first reply. */
function transact(builds: readonly Build[], stepsOf: (build: Build) => SocketStep[]): (Buffer | undefined)[] {
  const batches = builds.map((build) => (build.failed ? [] : stepsOf(build)));
  let outcomes: readonly Outcome[];
  try {
    outcomes = transactAll(batches.flat());
  } catch (error) {
    if (error instanceof ThreadLostError) throw error;
    for (const [position, build] of builds.entries()) {
      const step = batches[position]?.[0]?.step;
      if (step !== undefined) build.fail(step, error);
    }
    return [];
  }
  let at = 0;
  return builds.map((build, position) => {
    const steps = batches[position] ?? [];
    const own = outcomes.slice(at, at + steps.length);
    at += steps.length;
    noteFailure(build, steps, own);
    return own[0]?.ok ? own[0].replies[0] : undefined;
  });
}

/** Takes the first failure of the outcomes as the endpoint's: later ones follow from it. */
function noteFailure(build: Build, steps: readonly Step[], outcomes: readonly Outcome[]): void {
  const position = outcomes.findIndex(({ ok }) => !ok);
  const outcome = outcomes[position];
  if (outcome?.ok === false) build.fail((steps[position] as Step).step, outcome.error);
}
