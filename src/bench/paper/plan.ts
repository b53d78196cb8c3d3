import { turnOf } from '../turns.js';
import type { Contender, Engine } from './contenders/contender.js';
import type { Language } from './functions.js';

/** One contender's turn in one round: it is opened, measured at each level and closed, and no other is there meanwhile. */
export interface Block {
  readonly kind: 'block';
  readonly contender: Contender;
  readonly round: number;
  readonly language: Language;
  readonly atOnce: readonly number[];
}
/** Memory of what waits, and the host beside pools; after all blocks. */
export interface IdleStep {
  readonly kind: 'idle';
  readonly what: 'netnsd' | 'docker-pause' | 'docker-warm' | 'runc-warm';
}
export interface BesideStep {
  readonly kind: 'beside';
  readonly poolSize: number;
}
export type Step = Block | IdleStep | BesideStep;

/** How many at once other languages are measured with. */
const OTHER_AT_ONCE = 10;
/** Alone is measured three times a round, since one request says little. */
export const ALONE_RUNS = 3;

/** Milliseconds that a container is expected to take, and a contender to be opened and closed; only their ratios count. */
const EXPECTED: Record<Engine, { eachMs: number; openMs: number }> = {
  runc: { eachMs: 35, openMs: 2000 },
  containerd: { eachMs: 60, openMs: 3000 },
  docker: { eachMs: 160, openMs: 6000 },
  podman: { eachMs: 350, openMs: 4000 },
};
const REST_MS = 1000;

/** All that is to be measured, in its order: rounds that alternate, then what needs no alternation. */
export function planOf(options: {
  contenders: readonly Contender[];
  rounds: number;
  atOnce: readonly number[];
  languages: readonly Language[];
  idle: number;
  poolSizes: readonly number[];
}): Step[] {
  const { contenders, rounds, atOnce, languages, idle, poolSizes } = options;
  const blocks = Array.from({ length: rounds }, (_, round) =>
    turnOf(contenders, round).map((contender): Block => ({ kind: 'block', contender, round, language: 'c', atOnce })),
  ).flat();
  const others = languages
    .filter((language) => language !== 'c')
    .flatMap((language) =>
      contenders
        .filter(({ isPolyglot }) => isPolyglot)
        .map((contender): Block => ({ kind: 'block', contender, round: 0, language, atOnce: [OTHER_AT_ONCE] })),
    );
  const waiting = (['netnsd', 'runc-warm', 'docker-pause', 'docker-warm'] as const).filter(
    (what) => idle > 0 && (what === 'netnsd' || contenders.some(({ name }) => name === what)),
  );
  return [
    ...blocks,
    ...waiting.map((what): IdleStep => ({ kind: 'idle', what })),
    ...others,
    ...poolSizes.map((poolSize): BesideStep => ({ kind: 'beside', poolSize })),
  ];
}

/** What a step is expected to take, by the engine; for the time that is left. */
export function expectedMs(step: Step): number {
  if (step.kind === 'idle') return step.what.startsWith('docker') ? 15_000 : 8000;
  if (step.kind === 'beside') return 25_000 + 8 * step.poolSize;
  const { eachMs, openMs } = EXPECTED[step.contender.engine];
  return openMs + step.atOnce.reduce((sum, count) => sum + runsOf(count) * (count * eachMs + REST_MS), 0);
}

/** How often a level is measured in a block. */
export function runsOf(atOnce: number): number {
  return atOnce === 1 ? ALONE_RUNS : 1;
}

/** What a step is called where it is shown. */
export function nameOf(step: Step): string {
  if (step.kind === 'idle') return `memory of ${step.what} that waits`;
  if (step.kind === 'beside') return `starts beside a pool of ${step.poolSize}`;
  const { contender, round, language } = step;
  return `${contender.title}, ${language === 'c' ? `round ${round + 1}` : language}`;
}
