/** A target of the project beside what was measured. */
export interface Claim {
  /** What is claimed, for example `build 100 endpoints: speed against C`. */
  readonly name: string;
  readonly measured: number;
  readonly unit: string;
  readonly comparison: 'at least' | 'at most';
  readonly target: number;
  readonly met: boolean;
}

export function claim(options: Omit<Claim, 'met'>): Claim {
  const { measured, target, comparison } = options;
  return { ...options, met: comparison === 'at least' ? measured >= target : measured <= target };
}

/** `0.83 of C, target at least 0.75`; three significant digits. */
export function claimText({ measured, unit, comparison, target }: Claim): string {
  return `${Number(measured.toPrecision(3))} ${unit}, target ${comparison} ${target}`;
}
