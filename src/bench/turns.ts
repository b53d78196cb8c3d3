/**
 * The order of a round in which several things are measured one after the other: each round begins with the next of them, and
 * every other one runs backwards, so that each comes at each place and behind each other one. What one leaves the machine to
 * do then falls on each of them in turn. Rounds may be counted from below zero.
 */
export function turnOf<T>(things: readonly T[], round: number): T[] {
  const first = ((round % things.length) + things.length) % things.length;
  const turned = [...things.slice(first), ...things.slice(0, first)];
  return round % 2 === 0 ? turned : turned.reverse();
}
