/** A hook as a spec has it (OCI runtime spec, config.md, "POSIX-platform Hooks"). */
export interface Hook {
  /** Absolute. */
  readonly path: string;
  readonly args: readonly string[];
  /** `NAME=VALUE`; absent: the environment of the runtime. */
  readonly env?: readonly string[];
}

/** The stages of netnsd's hooks: the first grafts an interface, the second releases the lease. */
export const HOOK_STAGES = ['createRuntime', 'poststop'] as const;
export type HookStage = (typeof HOOK_STAGES)[number];

export interface HookOptions {
  /** Absolute path of netnsd-runc. */
  readonly program: string;
  /** The daemon's socket; null: the default of netnsd-runc. */
  readonly socketPath: string | null;
}

/**
 * The hook of one stage. It has no `timeout`: netnsd-runc has a deadline of its own (`deadline_ms`), and a shorter limit
 * would kill it in the middle of a request.
 */
export function hookOf(stage: HookStage, { program, socketPath }: HookOptions): Hook {
  const env = socketPath === null ? {} : { env: [`NETNSD_SOCKET=${socketPath}`] };
  return { path: program, args: ['netnsd-runc', 'hook', stage], ...env };
}

/** The member `hooks` for a config.json whose container gets its network from netnsd. Pure. */
export function specHooks(options: HookOptions): { hooks: Record<HookStage, [Hook]> } {
  return { hooks: { createRuntime: [hookOf('createRuntime', options)], poststop: [hookOf('poststop', options)] } };
}

/** The annotations of a container that wants a pooled network, as a Go regular expression. */
const REQUESTING = '^dev\\.netnsd\\.(pool|tenant)$';

/**
 * The file of one stage for a hooks directory of Podman or CRI-O: oci-hooks(5), schema 1.0.0. A file holds one hook, so
 * each stage has its own. Unless `always`, the hook runs only for containers with an annotation of netnsd.
 */
export function hooksDirectoryFile(
  stage: HookStage,
  options: HookOptions & { readonly always: boolean },
): { name: string; text: string } {
  const when = options.always ? { always: true } : { annotations: { [REQUESTING]: '.+' } };
  const file = { version: '1.0.0', hook: hookOf(stage, options), when, stages: [stage] };
  return { name: `netnsd-${stage}.json`, text: `${JSON.stringify(file, null, 2)}\n` };
}
