/** A hook as a spec has it (OCI runtime spec, config.md, "POSIX-platform Hooks"). */
export interface Hook {
  /** Absolute. */
  readonly path: string;
  readonly args: readonly string[];
  /** `NAME=VALUE`; absent: the runtime's own environment. */
  readonly env?: readonly string[];
}

/** The stages that netnsd has a part in: the first moves an interface in, the second gives the lease back. */
export const HOOK_STAGES = ['createRuntime', 'poststop'] as const;
export type HookStage = (typeof HOOK_STAGES)[number];

export interface HookOptions {
  /** Absolute path of netnsd-runc. */
  readonly program: string;
  /** The daemon's socket, where it is not the default; null: what netnsd-runc takes by itself. */
  readonly socketPath: string | null;
}

/**
 * The hook of one stage. It has no `timeout`: netnsd-runc bounds itself by its `deadline_ms`, and a shorter limit of the
 * runtime's would kill it in the middle of a conversation.
 */
export function hookOf(stage: HookStage, { program, socketPath }: HookOptions): Hook {
  const env = socketPath === null ? {} : { env: [`NETNSD_SOCKET=${socketPath}`] };
  return { path: program, args: ['netnsd-runc', 'hook', stage], ...env };
}

/** What belongs into a config.json to have its container's network from netnsd: the member `hooks`. Pure. */
export function specHooks(options: HookOptions): { hooks: Record<HookStage, [Hook]> } {
  return { hooks: { createRuntime: [hookOf('createRuntime', options)], poststop: [hookOf('poststop', options)] } };
}

/** The annotations by which a container asks for a pooled network, as a regular expression of Go's. */
const ASKING = '^dev\\.netnsd\\.(pool|tenant)$';

/**
 * The file of one stage for a hooks directory, as Podman and CRI-O read it: oci-hooks(5), schema 1.0.0. Such a file holds
 * one hook, hence one file a stage. Unless `always`, the hook runs for containers that have one of netnsd's annotations.
 */
export function hooksDirectoryFile(
  stage: HookStage,
  options: HookOptions & { readonly always: boolean },
): { name: string; text: string } {
  const when = options.always ? { always: true } : { annotations: { [ASKING]: '.+' } };
  const file = { version: '1.0.0', hook: hookOf(stage, options), when, stages: [stage] };
  return { name: `netnsd-${stage}.json`, text: `${JSON.stringify(file, null, 2)}\n` };
}
