import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../../kernel/errno.js';
import { getLink, parseLink } from '../../kernel/rtnetlink/link.js';
import { buildEndpoints } from '../build/build.js';
import { destroyEndpoints } from '../build/destroy.js';
import type { Network } from '../network/network.js';
import { type EndpointPlan, planEndpoint } from '../plan.js';
import type { NetworkSettings, Site } from '../types.js';
import { emptyCaches } from './fingerprint/caches.js';
import { type Fingerprint, readFingerprint } from './fingerprint/fingerprint.js';
import { eachAttribute } from './fingerprint/message-shape.js';
import { type EndpointTarget, enterEndpoint, type Verifier } from './verify.js';

/**
 * When to read it, in milliseconds after the reading before: the kernel tells a link's state late (net/core/link_watch.c), and
 * frees the sockets of the build, and of each reading, after an RCU grace period.
 */
const READINGS_MS = [30, 60, 120, 240, 480];
const IFINFOMSG_BYTES = 16;
const IFLA_OPERSTATE = 16;
const IF_OPER_UP = 6;
const NO_SOCKETS = 'sockets used 0';

/**
 * Builds an endpoint of the pool that is never leased, reads from it what pristine is, and destroys it. It is a port of no
 * bridge, so it may have any address. Its number is 0, which no other endpoint has: one at a time. Where it cannot be
 * built, the pool has no reference, and released endpoints are replaced.
 */
export async function readPristine(verifier: Verifier, site: Site, network: Network): Promise<void> {
  const { host, references } = verifier;
  const pool = network.settings.name;
  const [hub] = network.hubs;
  if (hub === undefined) return;
  const plan = planReference(site, network.settings);
  const { name } = plan;
  const target = { plan, port: { hub, root: null, walls: {} }, isPort: false };
  const [outcome] = buildEndpoints({ host, targets: [target] });
  if (!outcome?.ok) return;
  try {
    const [link] = hub.socket.request(getLink(plan.hostName));
    if (link === undefined) return;
    const built = { plan, netnsInode: outcome.value, hostIndex: parseLink(link).index };
    for (const waitMs of READINGS_MS) {
      await delay(waitMs);
      const fingerprint = read(verifier, built);
      if (fingerprint === null) return;
      if (isSettled(fingerprint)) return references.set(pool, fingerprint);
    }
  } finally {
    await destroyEndpoints({ host, site, names: [name], hubOf: () => hub });
  }
}

/** With all routes of the pool, which an endpoint that is a gateway of these has not. */
function planReference(site: Site, settings: NetworkSettings): EndpointPlan {
  const { name: pool, routes = [] } = settings;
  const plans = Array.from({ length: routes.length + 1 }, (_, index) =>
    planEndpoint(site, settings, { id: `${pool}-0`, pool, index, seq: 0 }),
  );
  return plans.find((plan) => plan.routes.length === routes.length) ?? (plans[0] as EndpointPlan);
}

function read(verifier: Verifier, target: EndpointTarget & { hostIndex: number }): Fingerprint | null {
  try {
    return enterEndpoint(verifier, target, (view) => {
      emptyCaches(view);
      return readFingerprint(view, { sysctls: true });
    });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

function isSettled(fingerprint: Fingerprint): boolean {
  const isUp = fingerprint
    .get('links')
    ?.some((link) =>
      [...eachAttribute(link.subarray(IFINFOMSG_BYTES))].some(
        ({ type, value }) => type === IFLA_OPERSTATE && value[0] === IF_OPER_UP,
      ),
    );
  return isUp === true && fingerprint.get('sockets')?.some((line) => line.equals(Buffer.from(NO_SOCKETS))) === true;
}
