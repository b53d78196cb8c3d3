import { parseArgs } from 'node:util';
import { NetnsdError } from '../../errors.js';
import type { SimulatedRecycling } from './simulate.js';

export interface SizingOptions {
  readonly seed: number;
  /** A recorded trace to play instead of the three patterns. */
  readonly trace: string | null;
  /** Where the plot goes. */
  readonly plot: string | null;
  /** Memory an endpoint takes. */
  readonly kib: number;
  /** The floor of the pool that sizes itself. */
  readonly minReady: number;
  readonly idleSeconds: number;
  readonly recycle: SimulatedRecycling;
  readonly json: boolean;
  readonly check: boolean;
}

/** What `netnsd bench memory` measures an endpoint to take of the kernel's memory and the daemon's. */
const DEFAULT_KIB = 345;

export const SIZING_HELP = `Usage: netnsd bench sizing [options]

Plays arrivals of containers to the pool's own code, over simulated time and endpoints, and compares a pool that sizes
itself with fixed sizes and with watermarks: how many starts are cold, how many endpoints are held. Needs no root.

Options:
  --seed N          of arrivals, lives and build times; the same seed gives the same figures (default 1)
  --trace FILE      play this recording, lines of seconds,count, instead of the patterns steady, bursty and diurnal
  --plot FILE       write a plot of it (SVG)
  --kib N           memory an endpoint takes, in KiB (default ${DEFAULT_KIB}, as netnsd bench memory measures it)
  --min-ready N     min_ready of the pool that sizes itself (default 4)
  --idle-seconds N  its idle_seconds (default 300)
  --recycle WAY     what becomes of released endpoints: verify (default), and so used again, or replace
  --check           exit with status 1 if a target is missed
  --json            print JSON
  --help            print this
`;

/** The command line as options, or undefined where help is asked for. Throws `bad_usage`. */
export function parseSizingOptions(argv: readonly string[]): SizingOptions | undefined {
  const values = parse(argv);
  if (values.help) return undefined;
  return {
    seed: whole(values.seed, { name: '--seed', initial: 1, from: 0, to: 2 ** 31 }),
    trace: values.trace ?? null,
    plot: values.plot ?? null,
    kib: whole(values.kib, { name: '--kib', initial: DEFAULT_KIB, from: 1, to: 1e6 }),
    minReady: whole(values['min-ready'], { name: '--min-ready', initial: 4, from: 0, to: 1000 }),
    idleSeconds: whole(values['idle-seconds'], { name: '--idle-seconds', initial: 300, from: 1, to: 86_400 }),
    recycle: recycling(values.recycle ?? 'verify'),
    json: values.json ?? false,
    check: values.check ?? false,
  };
}

function whole(text: string | undefined, range: { name: string; initial: number; from: number; to: number }): number {
  const { name, initial, from, to } = range;
  if (text === undefined) return initial;
  if (/^\d{1,10}$/.test(text) && Number(text) >= from && Number(text) <= to) return Number(text);
  throw usage(`${name} takes a whole number from ${from} to ${to}, not ${JSON.stringify(text)}`);
}

function recycling(text: string): SimulatedRecycling {
  if (text === 'verify' || text === 'replace') return text;
  throw usage(`--recycle takes verify or replace, not ${JSON.stringify(text)}`);
}

function usage(message: string): NetnsdError {
  return new NetnsdError('bad_usage', `${message}; see netnsd bench sizing --help`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        seed: { type: 'string' },
        trace: { type: 'string' },
        plot: { type: 'string' },
        kib: { type: 'string' },
        'min-ready': { type: 'string' },
        'idle-seconds': { type: 'string' },
        recycle: { type: 'string' },
        json: { type: 'boolean' },
        check: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    const [first = 'bad arguments'] = error instanceof Error ? error.message.split('. ') : [];
    throw usage(first);
  }
}
