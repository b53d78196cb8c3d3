import { PLUGINS } from '../peers/cni-bridge.js';
import { findProgram } from '../programs/prerequisites.js';
import { runProcess } from '../programs/run-process.js';

/** What tells the version of each program that takes part. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  runc: ['--version'],
  containerd: ['--version'],
  dockerd: ['--version'],
  podman: ['--version'],
  ip: ['-V'],
  iptables: ['--version'],
  python3: ['--version'],
};

/** The versions of the programs that this machine has, as they print them. */
export async function readVersions(): Promise<Record<string, string>> {
  const told = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, args]) => {
      if (findProgram(name) === undefined) return [];
      const text = await runProcess(name, args).catch(() => '');
      return [[name, text.split('\n', 1)[0]?.trim() ?? '']] as const;
    }),
  );
  const bridge = await runProcess(`${PLUGINS}/bridge`, [], { env: { CNI_COMMAND: 'VERSION' }, stdin: '{}' }).catch(
    () => '',
  );
  const cni = /"supportedVersions":\[([^\]]*)\]/.exec(bridge)?.[1]?.replaceAll('"', '');
  return {
    ...Object.fromEntries(told.flat()),
    ...(cni === undefined ? {} : { 'CNI plugins': `specification ${cni}` }),
  };
}
