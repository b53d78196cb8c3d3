import { ThreadLostError } from '../../kernel/netns/netns.js';
import { SysctlFolder } from '../../kernel/netns/sysctl-folder.js';
import { getLink, parseLinkIndexes } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import type { Settled } from '../types.js';
import { Build, type BuildTarget } from './endpoint-build.js';
import { Sending } from './sending.js';
import { interfaceSteps, LOOPBACK_STEP, pairSteps, portSteps } from './steps.js';

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
    joinBridges(builds);
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
  const pairs = new Sending();
  for (const build of unfailed(builds))
    for (const step of pairSteps(build.plan, build.netnsFd)) pairs.add(build, build.port.hub.socket, step);
  pairs.send();
  askSilent(builds);
  for (const build of builds) if (build.reply !== undefined) build.linked(parseLinkIndexes(build.reply));
}

/** Kernels before 6.2 do not echo the links that they make (rtnl_newlink of net/core/rtnetlink.c): they are asked for them. */
function askSilent(builds: readonly Build[]): void {
  const questions = new Sending();
  for (const build of unfailed(builds)) {
    if (build.reply !== undefined) continue;
    questions.add(build, build.port.hub.socket, { step: 'veth', request: getLink(build.plan.hostName) });
  }
  questions.send();
}

function configureInside(build: Build, host: Host): void {
  const { socket, plan, peerIndex } = build;
  if (socket === null || build.failed) return;
  const inside = new Sending();
  inside.add(build, socket, LOOPBACK_STEP);
  for (const step of interfaceSteps(plan, peerIndex)) inside.add(build, socket, step);
  inside.send();
  build.setInterfaceSysctls(host);
}

function joinBridges(builds: readonly Build[]): void {
  const ports = new Sending();
  for (const build of unfailed(builds)) for (const step of portSteps(build)) ports.add(build, step.socket, step);
  ports.send();
}

function unfailed(builds: readonly Build[]): readonly Build[] {
  return builds.filter(({ failed }) => !failed);
}
