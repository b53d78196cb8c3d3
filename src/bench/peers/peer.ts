/** One way of building endpoints, measured beside others. */
export interface Peer {
  readonly name: string;
  /** How many rounds are worth the wait, of `rounds` asked for; the first ones are run. */
  rounds(size: number, rounds: number): number;
  /** Builds `size` endpoints and removes them again; both in milliseconds. */
  run(size: number): Promise<Timing>;
  /** Takes down what outlives a run. */
  close(): Promise<void>;
}

export interface Timing {
  readonly buildMs: number;
  readonly destroyMs: number;
}

/** The slow ones: three rounds, one where they take minutes. */
export function fewRounds(size: number, rounds: number): number {
  return Math.min(rounds, size > 200 ? 1 : 3);
}

/** Milliseconds that `build` and then `destroy` take. */
export async function timed(build: () => Promise<void>, destroy: () => Promise<void>): Promise<Timing> {
  const start = performance.now();
  await build();
  const built = performance.now();
  await destroy();
  return { buildMs: built - start, destroyMs: performance.now() - built };
}
