import { NetnsdError } from '../errors.js';
import { type Bundle, type ResolverFiles, renderHosts, renderResolvConf } from '../oci/index.js';
import type { Lease, Pools } from '../pool/index.js';
import type { LeaseFiles } from '../state/index.js';

/** The suffix of container ids from a runtime with a root of its own (see api/runtime-root.ts); not part of the name. */
const ROOT_SUFFIX = /@[0-9a-f]{8}$/;
const ANNOTATION = 'dev.netnsd.dns';

interface LeaseDnsOptions {
  readonly pools: Pick<Pools, 'lease' | 'subscribe'>;
  readonly files: LeaseFiles;
  /** The pool's `mount_dns`. */
  readonly mountDns: (pool: string) => boolean;
  readonly log: { warn(details: object, message: string): void };
}

/** The DNS settings of leases as files for their containers; removed when the lease ends. */
export class LeaseDns {
  readonly #options: LeaseDnsOptions;

  constructor(options: LeaseDnsOptions) {
    this.#options = options;
    const { pools, files, log } = options;
    pools.subscribe(({ type, lease }) => {
      if (type !== 'released' || lease === null) return;
      try {
        files.remove(lease);
      } catch (error) {
        log.warn({ err: error, lease }, 'failed to remove the DNS files of a lease; the next start removes them');
      }
    });
  }

  /** Writes the files of a lease. Throws `lease_not_found` and `state_write_failed`. */
  write(leaseId: string, hostname?: string): ResolverFiles {
    const { pools, files } = this.#options;
    const lease = pools.lease(leaseId);
    if (lease === undefined)
      throw new NetnsdError('lease_not_found', `there is no lease ${leaseId}: see \`netnsd list\``);
    const hosts = renderHosts({
      addresses: lease.addresses.map(({ address }) => address),
      names: [hostname, lease.containerId?.replace(ROOT_SUFFIX, '')],
    });
    const resolvConf = renderResolvConf(lease.dns);
    if (resolvConf === null) return { resolvConf: null, hosts: files.write(leaseId, { hosts }).hosts };
    const paths = files.write(leaseId, { hosts, 'resolv.conf': resolvConf });
    return { resolvConf: paths['resolv.conf'], hosts: paths.hosts };
  }

  /**
   * The files for a bundle, or undefined: its annotation `dev.netnsd.dns` decides, then the request, then the pool's
   * `mount_dns`.
   */
  filesFor(options: { bundle: Bundle; lease: Lease; requested: boolean | undefined }): ResolverFiles | undefined {
    const { bundle, lease, requested } = options;
    const { annotations = {}, hostname } = bundle.spec;
    const annotated = annotations[ANNOTATION];
    const wanted = annotated === undefined ? requested : ['true', '1'].includes(annotated);
    return (wanted ?? this.#options.mountDns(lease.pool)) ? this.write(lease.id, hostname) : undefined;
  }
}
