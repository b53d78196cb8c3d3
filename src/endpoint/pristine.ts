import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../kernel/errno.js';
import { getLink, parseLink } from '../kernel/link.js';
import { emptyCaches } from './fingerprint/caches.js';
import { type Fingerprint, readFingerprint } from './fingerprint/fingerprint.js';
import { eachAttribute } from './fingerprint/message-shape.js';
import { enterEndpoint, type LookTarget, type Verifier } from './verify.js';

/** How often it is looked whether the link's state has arrived, and with what pause, in milliseconds: 0.2 s at the most. */
const ATTEMPTS = 20;
const PAUSE_MS = 10;
const IFINFOMSG_BYTES = 16;
const IFLA_OPERSTATE = 16;
const IF_OPER_UP = 6;

/**
 * Reads the pristine fingerprint of the target's pool from an endpoint that was built just now and handed to nobody. The
 * kernel tells a link's state with a delay (net/core/link_watch.c), so it is waited for. Where it cannot be read, the pool
 * stays without: endpoints are replaced until a later one is read.
 */
export async function readPristine(verifier: Verifier, target: LookTarget): Promise<void> {
  const { host, references } = verifier;
  const [outcome] = await host.socket.transact([getLink(target.plan.hostName)]);
  const reply = outcome?.ok ? outcome.replies[0] : undefined;
  if (reply === undefined) return;
  const hostIndex = parseLink(reply).index;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const fingerprint = read(verifier, { ...target, hostIndex });
    if (fingerprint === null) return;
    if (isUp(fingerprint)) return references.set(target.plan.name.pool, fingerprint);
    await delay(PAUSE_MS);
  }
}

function read(verifier: Verifier, target: LookTarget & { hostIndex: number }): Fingerprint | null {
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

function isUp(fingerprint: Fingerprint): boolean {
  const links = fingerprint.get('links') ?? [];
  return links.some((link) =>
    [...eachAttribute(link.subarray(IFINFOMSG_BYTES))].some(
      ({ type, value }) => type === IFLA_OPERSTATE && value[0] === IF_OPER_UP,
    ),
  );
}
