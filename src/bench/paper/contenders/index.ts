import { findProgram, isExecutable, type Tool } from '../../programs/prerequisites.js';
import { CTR_CNI, CTR_EMPTY, CTR_HOST, CTR_NETNSD } from './by-containerd.js';
import { DOCKER_BRIDGE, DOCKER_HOST, DOCKER_PAUSE, DOCKER_PREWARM, DOCKER_PUBLISH, DOCKER_WARM } from './by-docker.js';
import { NETNSD_CNI, NETNSD_PATH, NETNSD_RUNC } from './by-netnsd.js';
import { PODMAN_BRIDGE, PODMAN_HOST } from './by-podman.js';
import { RUNC_EMPTY, RUNC_HOST } from './by-runc.js';
import { CNI_BRIDGE, CNI_BRIDGE_MASQUERADE, CNI_PTP } from './cni-plugins.js';
import type { Contender } from './contender.js';
import { IP_COMMANDS } from './ip-commands.js';
import { RUNC_PREWARM, RUNC_WARM } from './runc-kept.js';

/** All contenders; those come first without which no claim of the paper can be checked. */
export const CONTENDERS: readonly Contender[] = [
  RUNC_HOST,
  CNI_BRIDGE_MASQUERADE,
  NETNSD_RUNC,
  IP_COMMANDS,
  DOCKER_HOST,
  DOCKER_BRIDGE,
  DOCKER_PAUSE,
  RUNC_EMPTY,
  CNI_BRIDGE,
  NETNSD_PATH,
  NETNSD_CNI,
  CTR_HOST,
  CTR_EMPTY,
  CTR_CNI,
  CTR_NETNSD,
  RUNC_WARM,
  RUNC_PREWARM,
  CNI_PTP,
  DOCKER_WARM,
  DOCKER_PREWARM,
  DOCKER_PUBLISH,
  PODMAN_HOST,
  PODMAN_BRIDGE,
];

/** The programs that `contender` lacks on this machine, each with its Debian package. */
export function lacks({ tools }: Contender, has: (tool: Tool) => boolean = isThere): string[] {
  return tools.filter((tool) => !has(tool)).map(({ name, package: from }) => `${name} (Debian package ${from})`);
}

function isThere({ name, path }: Tool): boolean {
  return path === undefined ? findProgram(name) !== undefined : isExecutable(path);
}
