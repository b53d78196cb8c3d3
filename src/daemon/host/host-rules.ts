import type { Logger } from 'pino';
import type { PoolConfig } from '../../config/index.js';
import { uplinkName } from '../../endpoint/hub/hub-names.js';
import { hostRules, hostTable, removeHostRules } from '../../endpoint/network/host-rules.js';
import { MAPPING_MAPS } from '../../endpoint/network/port-mappings.js';
import type { PortPlan } from '../../endpoint/network/published-ports.js';
import type { Site } from '../../endpoint/types.js';
import { hasCode, NetnsdError } from '../../errors.js';
import { errnoOf } from '../../kernel/errno.js';
import { isForwarding, isLoopbackRouted, routeLoopback, setForwarding } from '../../kernel/host/ip-forward.js';
import { advertisementsAccepted, isForwardingIpv6, setForwardingIpv6 } from '../../kernel/host/ipv6-sysctls.js';
import { runNft } from '../../kernel/nftables/nft.js';
import { type TableChange, TableWatch } from '../../kernel/nftables/table-watch.js';
import { readHostBefore, writeHostBefore } from '../../state/index.js';
import type { LeaseSource, PortMappings } from './port-mappings.js';

/** How often it is checked whether table and forwarding are as netnsd made them, in milliseconds. */
const CHECK_MS = 500;

/**
 * The daemon's table of nftables in the host, and forwarding. Both stay as they were made when the daemon ends: leased endpoints belong to running
 * containers. What others remove is there again within a second.
 */
export class HostRules implements Disposable {
  readonly #site: Site;
  readonly #portPlans: ReadonlyMap<string, PortPlan>;
  readonly #mappings: PortMappings;
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  #pools: readonly PoolConfig[] = [];
  #forwards = { ipv4: false, ipv6: false };
  /** The host's links to the pools. */
  #links: readonly string[] = [];
  #watch: TableWatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #restoring = false;
  #change: TableChange = 'nothing';

  constructor(options: {
    site: Site;
    portPlans: ReadonlyMap<string, PortPlan>;
    mappings: PortMappings;
    log: Pick<Logger, 'info' | 'warn'>;
  }) {
    this.#site = options.site;
    this.#portPlans = options.portPlans;
    this.#mappings = options.mappings;
    this.#log = options.log;
  }

  /** Makes the table, or replaces the one that is there. Rejects with missing_tool and kernel_error. */
  async open(pools: readonly PoolConfig[]): Promise<void> {
    this[Symbol.dispose]();
    this.#pools = pools;
    const outward = pools.filter(({ masquerade, publish }) => masquerade || publish.length > 0);
    this.#forwards = { ipv4: outward.length > 0, ipv6: outward.some(({ subnet6 }) => subnet6 !== null) };
    this.#links = pools.map(({ name }) => uplinkName(this.#site, name));
    const isNeeded = this.#script() !== removeHostRules(this.#site);
    try {
      this.#watch = isNeeded ? new TableWatch(hostTable(this.#site), MAPPING_MAPS) : null;
      await this.#make();
    } catch (error) {
      this[Symbol.dispose]();
      if (!isNeeded && hasCode(error, 'missing_tool')) return;
      if (!(error instanceof NetnsdError)) throw error;
      const advice =
        'masquerade, publish, host_access, isolation and egress_deny need it: mend that, or set masquerade = false and egress_deny = [] for every pool, and leave the others at their defaults';
      throw new NetnsdError(error.code, `${error.message}; ${advice}`, { cause: error });
    }
    if (!isNeeded) return;
    this.#routeLoopback();
    this.#forward('switched on forwarding of');
    this.#timer = setInterval(() => void this.#check(), CHECK_MS);
  }

  /** Goes on without the table for the time being, and makes it as soon as that works. */
  retry(error: unknown): void {
    this.#log.warn({ err: error }, "failed to make netnsd's rules; retrying");
    this.#timer = setTimeout(() => {
      this.open(this.#pools).then(
        () => this.#log.info({}, "netnsd's rules are made"),
        (again) => this.retry(again),
      );
    }, CHECK_MS);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
  }

  /** Has the port mappings of pods compared with their leases, which were not known when the table was made. */
  follow(leases: LeaseSource): void {
    this.#mappings.follow(leases);
    if (this.#change === 'nothing') this.#change = 'elements';
  }

  #script(): string {
    return hostRules(this.#site, this.#pools, {
      published: this.#portPlans.values(),
      mappings: this.#mappings.wanted(),
    });
  }

  #make(): Promise<void> {
    return this.#mappings.locked(async () => {
      await runNft(this.#script());
      this.#watch?.changed();
      this.#change = 'nothing';
    });
  }

  async #check(): Promise<void> {
    if (this.#restoring) return;
    this.#restoring = true;
    try {
      this.#routeLoopback();
      this.#forward('switched on again forwarding of');
      const change = this.#watch?.changed() ?? 'nothing';
      if (change === 'rules' || this.#change === 'nothing') this.#change = change;
      const table = hostTable(this.#site);
      if (this.#change === 'elements' && (await this.#mappings.locked(() => this.#mappings.areThere())))
        this.#change = 'nothing';
      if (this.#change === 'nothing') return;
      await this.#make();
      this.#log.warn({ table }, "netnsd's rules had been changed or removed: they are restored");
    } catch (error) {
      this.#log.warn({ err: error }, "failed to restore netnsd's rules; retrying");
    } finally {
      this.#restoring = false;
    }
  }

  /** Published ports answer on 127.0.0.1 as well. A link that was made anew has lost the switch. */
  #routeLoopback(): void {
    for (const link of this.#links) {
      try {
        if (!isLoopbackRouted(link)) routeLoopback(link);
      } catch (error) {
        // The link is gone, until the reconcile makes it anew.
        if (errnoOf(error) !== 'ENOENT')
          this.#log.warn({ err: error, link }, 'published ports do not answer on 127.0.0.1');
      }
    }
  }

  #forward(done: string): void {
    const { stateDir } = this.#site;
    try {
      if (this.#forwards.ipv4 && !isForwarding()) {
        writeHostBefore(stateDir, { ipForward: false });
        setForwarding(true);
        this.#log.info(`${done} IPv4 packets (net.ipv4.ip_forward), for pools with masquerade or publish`);
      }
      if (this.#forwards.ipv6 && !isForwardingIpv6()) {
        const acceptRa = advertisementsAccepted();
        writeHostBefore(stateDir, { ipv6Forward: false, acceptRa });
        setForwardingIpv6(true, acceptRa);
        this.#log.info(
          { acceptRa },
          `${done} IPv6 packets (net.ipv6.conf.all.forwarding), for pools with masquerade or publish; these links accept router advertisements as before (accept_ra = 2)`,
        );
      }
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
  const { ipForward, ipv6Forward, acceptRa = [] } = readHostBefore(site.stateDir);
  if (ipForward === false) setForwarding(false);
  if (ipv6Forward === false) setForwardingIpv6(false, acceptRa);
}
