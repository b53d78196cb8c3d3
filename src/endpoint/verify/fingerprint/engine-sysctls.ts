import { writeFileSync } from 'node:fs';
import { type Sysctl, sysctlPath } from '../../../kernel/host/sysctls.js';
import { readProcFile } from '../../../kernel/process/proc-file.js';

/**
 * Sysctls that container engines have in every spec, so that they are no sign of anything: Docker and Podman set both, and the OCI
 * runtime writes them into the namespace that it joins. CRI-O sets the first one in the namespace that it makes; netnsd-cni takes it over
 * (overlay.c). A new namespace has these values whatever the host has (inet_init_net of net/ipv4/af_inet.c).
 */
export const ENGINE_SYSCTLS = [
  { name: 'ping_group_range', value: '1\t0' },
  { name: 'ip_unprivileged_port_start', value: '1024' },
] as const;

/** Gives them the values of a new endpoint again, which its pool may set, in the namespace in which the thread stands. Throws the errors of node:fs. */
export function resetEngineSysctls(ofPool: readonly Sysctl[]): void {
  for (const { name, value } of ENGINE_SYSCTLS) {
    const path = `/proc/sys/net/ipv4/${name}`;
    const set = ofPool.find((one) => sysctlPath(one.name) === path);
    const wanted = set === undefined ? value : set.value.replaceAll(' ', '\t');
    if (readProcFile(path).trim() !== wanted) writeFileSync(path, wanted);
  }
}
