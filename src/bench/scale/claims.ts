import { type Claim, claim } from '../report/claim.js';
import type { Summary } from './scale.js';

/** The cost of an endpoint is compared with that at this size, or at the next larger one that was measured. */
const BASE = 1000;

interface Bound {
  readonly name: string;
  readonly measured: number;
  readonly unit: string;
  readonly target: number;
}

/** The targets that the measured sizes allow to judge. */
export function scaleClaims(all: readonly Summary[]): Claim[] {
  const largest = all.reduce((one, other) => (other.size > one.size ? other : one));
  const bounds: Bound[] = [
    { name: 'links in the host', measured: Math.max(...all.map(({ links }) => links)), unit: 'more', target: 3 },
    { name: 'mounts in the host', measured: Math.max(...all.map(({ mounts }) => mounts)), unit: 'more', target: 3 },
    ...all.flatMap((one) => ofSize(one)),
    ...growth(all, largest),
  ];
  return bounds.map((bound) => claim({ ...bound, comparison: 'at most' }));
}

function ofSize(one: Summary): Bound[] {
  const { size } = one;
  const host = {
    name: `${size} ready: ${one.atOnce} plain runc run at once`,
    measured: one.many.ratio,
    unit: 'times a bare host',
    target: 1.03,
  };
  if (size === 4000)
    return [
      host,
      { name: '4000 ready after', measured: one.fillMs / 1000, unit: 's', target: 12 },
      {
        name: 'restart with 4000: first answer',
        measured: one.answerMs / one.noneMs,
        unit: 'times that with none',
        target: 1.3,
      },
      { name: 'restart with 4000: reconciled after', measured: one.reconciledMs / 1000, unit: 's', target: 3 },
    ];
  if (size === 10_000)
    return [
      host,
      { name: 'down with 10000', measured: one.destroyMs / 1000, unit: 's', target: 20 },
      { name: 'memory of the daemon at 10000', measured: one.residentMb, unit: 'MB', target: 200 },
    ];
  return [];
}

/** How the cost of an endpoint grows with their number. */
function growth(all: readonly Summary[], largest: Summary): Bound[] {
  const base = all.filter(({ size }) => size >= BASE).sort((a, b) => a.size - b.size)[0];
  const [smallest] = [...all].sort((a, b) => a.size - b.size);
  if (base === undefined || smallest === undefined || base.size === largest.size) return [];
  const over = (name: string, read: (one: Summary) => number, target: number, from: Summary): Bound => ({
    name: `${name} at ${largest.size}`,
    measured: read(largest) / read(from),
    unit: `times that at ${from.size}`,
    target,
  });
  return [
    over('build, an endpoint', ({ buildMsEach }) => buildMsEach, 1.3, base),
    over('down, an endpoint', ({ destroyMs, size }) => destroyMs / size, 1.3, base),
    over('restart until reconciled, an endpoint', ({ reconciledMs, size }) => reconciledMs / size, 1.3, base),
    over('acquire from the shelf, median', ({ shelfMs }) => shelfMs.p50, 1.1, smallest),
    over('acquire over HTTP, median', ({ httpMs }) => httpMs.p50, 1.1, smallest),
  ];
}
