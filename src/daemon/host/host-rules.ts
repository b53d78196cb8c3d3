import type { Logger } from 'pino';
import type { PoolConfig } from '../../config/index.js';
import { uplinkName } from '../../endpoint/hub/hub-names.js';
import { hostRules, hostTable, removeHostRules } from '../../endpoint/network/host-rules.js';
import type { PortPlan } from '../../endpoint/network/published-ports.js';
import type { Site } from '../../endpoint/types.js';
import { hasCode, NetnsdError } from '../../errors.js';
import { errnoOf } from '../../kernel/errno.js';
import { isForwarding, isLoopbackRouted, routeLoopback, setForwarding } from '../../kernel/host/ip-forward.js';
import { runNft } from '../../kernel/nftables/nft.js';
import { TableWatch } from '../../kernel/nftables/table-watch.js';
import { readHostBefore, writeHostBefore } from '../../state/index.js';

const gatewayLink = (site: Site, pool: string): string => uplinkName(site, pool);

/** How often it is checked whether table and forwarding are as netnsd made them, in milliseconds. */
const CHECK_MS = 500;

/**
 * The daemon's table of nftables in the host, and forwarding. Both stay as they were made when the daemon ends: leased endpoints belong to running
 * containers. What others remove is there again within a second.
 */
export class HostRules implements Disposable {
  readonly #site: Site;
  readonly #portPlans: ReadonlyMap<string, PortPlan>;
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  #script = '';
  #forwards = false;
  /** The host's links to the pools that publish ports. */
  #publishing: readonly string[] = [];
  #watch: TableWatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #restoring = false;
  #changed = false;

  constructor(options: {
    site: Site;
    portPlans: ReadonlyMap<string, PortPlan>;
    log: Pick<Logger, 'info' | 'warn'>;
  }) {
    this.#site = options.site;
    this.#portPlans = options.portPlans;
    this.#log = options.log;
  }

  /** Makes the table, or replaces the one that is there. Rejects with missing_tool and kernel_error. */
  async open(pools: readonly PoolConfig[]): Promise<void> {
    this[Symbol.dispose]();
    this.#script = hostRules(this.#site, pools, this.#portPlans.values());
    this.#forwards = pools.some(({ masquerade, publish }) => masquerade || publish.length > 0);
    this.#publishing = pools
      .filter(({ publish }) => publish.length > 0)
      .map(({ name }) => gatewayLink(this.#site, name));
    const isNeeded = this.#script !== removeHostRules(this.#site);
    try {
      this.#watch = isNeeded ? new TableWatch(hostTable(this.#site)) : null;
      await runNft(this.#script);
    } catch (error) {
      this[Symbol.dispose]();
      if (!isNeeded && hasCode(error, 'missing_tool')) return;
      if (!(error instanceof NetnsdError)) throw error;
      const advice =
        'masquerade, host_access and egress_deny need it: mend that, or set masquerade = false and egress_deny = [] for every pool';
      throw new NetnsdError(error.code, `${error.message}; ${advice}`, { cause: error });
    }
    if (!isNeeded) return;
    this.#watch?.changed();
    this.#routeLoopback();
    this.#forward('switched on forwarding of IPv4 packets (net.ipv4.ip_forward), for pools with masquerade');
    this.#timer = setInterval(() => void this.#check(), CHECK_MS);
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
  }

  async #check(): Promise<void> {
    if (this.#restoring) return;
    this.#restoring = true;
    try {
      this.#routeLoopback();
      this.#forward('forwarding of IPv4 packets had been switched off: it is on again');
      this.#changed ||= this.#watch?.changed() === true;
      if (!this.#changed) return;
      await runNft(this.#script);
      this.#watch?.changed();
      this.#changed = false;
      this.#log.warn({ table: hostTable(this.#site) }, "netnsd's rules had been changed or removed: they are restored");
    } catch (error) {
      this.#log.warn({ err: error }, "failed to restore netnsd's rules; retrying");
    } finally {
      this.#restoring = false;
    }
  }

  /** Published ports answer on 127.0.0.1 as well. A link that was made anew has lost the switch. */
  #routeLoopback(): void {
    for (const link of this.#publishing) {
      try {
        if (!isLoopbackRouted(link)) routeLoopback(link);
      } catch (error) {
        // The link is gone, until the reconcile makes it anew.
        if (errnoOf(error) !== 'ENOENT')
          this.#log.warn({ err: error, link }, 'published ports do not answer on 127.0.0.1');
      }
    }
  }

  #forward(message: string): void {
    if (!this.#forwards || isForwarding()) return;
    try {
      writeHostBefore(this.#site.stateDir, { ipForward: false });
      setForwarding(true);
      this.#log.info(message);
    } catch (error) {
      this.#log.warn(
        { err: error },
        'forwarding is off and cannot be switched on: containers reach nothing beyond this host',
      );
    }
  }
}

/** Removes the table and has the host forward as it did before; for `netnsd down`. Rejects with kernel_error. */
export async function closeHostRules(site: Site): Promise<void> {
  try {
    await runNft(removeHostRules(site));
  } catch (error) {
    // Then there was none to make the table either.
    if (!hasCode(error, 'missing_tool')) throw error;
  }
  if (readHostBefore(site.stateDir)?.ipForward === false) setForwarding(false);
}
