/** The configuration after defaults, validation and unit conversion: what `readConfig` returns. */
export interface Config {
  /** Folder in which namespaces are mounted; `STATE_DIR/netns` unless set. `/run/netns` makes them visible to `ip netns`. */
  readonly netnsDir: string | null;
  /** Group that may use the socket (mode 0660), or null (mode 0600). */
  readonly socketGroup: string | null;
  /** Octal digits, or null: 0600, or 0660 with a group. */
  readonly socketMode: string | null;
  /** How often the daemon reconciles while it runs. */
  readonly reconcileSeconds: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly pools: readonly PoolConfig[];
}

export interface PoolConfig {
  /** `[a-z0-9]` first, then `[a-z0-9-]`, 32 at the most. */
  readonly name: string;
  /** IPv4 CIDR, network address; the first host address is the gateway's (the bridge). */
  readonly subnet: string;
  readonly minReady: number;
  readonly max: number;
  readonly mtuBytes: number;
  readonly buildBatch: number;
  /** How long an address that somebody has had rests before another endpoint gets it. */
  readonly addressCooldownSeconds: number;
  /** What becomes of released endpoints. */
  readonly recycle: 'verify' | 'replace' | 'reuse';
  /** How an endpoint is looked at whose holder's spec is not known. */
  readonly unknownSpec: 'proof' | 'seal' | 'replace';
  readonly sizing: 'demand' | 'fixed';
  readonly idleSeconds: number;
  /** When a lease that was made for a container ends by itself, after its container was seen or without; 0: never. */
  readonly goneAfterSeconds: number;
  readonly unusedAfterSeconds: number;
  /** Whether patched bundles mount the lease's DNS files. */
  readonly mountDns: boolean;
  readonly dns: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
}
