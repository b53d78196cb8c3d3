import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BENCH_SUITES, benchSuiteLines } from '../cli/bench-suites.js';
import { NetnsdError } from '../errors.js';

/** Those with options of their own. */
const OTHERS = ['sizing', 'paper', 'compare'] as const;
type Other = (typeof OTHERS)[number];
/** Those that run in a sandbox, with the options below. */
export type SuiteName = Exclude<keyof typeof BENCH_SUITES, Other>;
export const SUITES = Object.keys(BENCH_SUITES).filter((name): name is SuiteName => !isOneOf(OTHERS, name));
export const PEERS = ['cni', 'ip'] as const;
export type PeerName = (typeof PEERS)[number];

export interface BenchOptions {
  readonly suite: SuiteName;
  readonly json: boolean;
  /** How often everything is measured, in alternating order. */
  readonly rounds: number;
  /** Numbers of endpoints. */
  readonly sizes: readonly number[];
  readonly peers: readonly PeerName[];
  /** Containers that the suites start and scale start at once; fewer are for trying them. */
  readonly starts: number;
  /** Another built checkout that the suite boot compares with; an absolute path. */
  readonly against?: string | undefined;
  /** Where the suite scale writes its plot; an absolute path. */
  readonly plot?: string | undefined;
  /** Status 1 if a target is missed. */
  readonly check: boolean;
}

export const HELP = `Usage: netnsd bench SUITE [options]

Measures netnsd in namespaces of its own, touching nothing of the host.

Suites:
${benchSuiteLines()}

Options:
  --rounds N      how often each is measured, in alternating order (default: build 5, boot 10,
                  fill 5, acquire 20, cli 40, cni 11, start 7, recycle 5, memory 1, scale 1,
                  network 15)
  --sizes N,N     numbers of endpoints (default: build 100,1000; fill 1000; acquire 10,1000; cni 1,100;
                  start 150; recycle 100; memory 100,1000; scale 100,1000,4000,10000;
                  network 1010)
  --peers A,B     which of cni, ip the suites build and cni compare with; '' for none (default: cni,ip)
  --starts N      containers that the suites start and scale start at once (default: 100; at most 50 with
                  containerd and in scale)
  --against DIR   another built checkout of netnsd that the suite boot compares with
  --plot FILE     an SVG of what the suite scale measured
  --check         exit with status 1 if a target is missed
  --json          print JSON
  --help          print this
`;

const DEFAULTS: Record<SuiteName, { rounds: number; sizes: readonly number[] }> = {
  build: { rounds: 5, sizes: [100, 1000] },
  boot: { rounds: 10, sizes: [1] },
  fill: { rounds: 5, sizes: [1000] },
  acquire: { rounds: 20, sizes: [10, 1000] },
  cli: { rounds: 40, sizes: [32] },
  cni: { rounds: 11, sizes: [1, 100] },
  start: { rounds: 7, sizes: [150] },
  recycle: { rounds: 5, sizes: [100] },
  memory: { rounds: 1, sizes: [100, 1000] },
  scale: { rounds: 1, sizes: [100, 1000, 4000, 10_000] },
  network: { rounds: 15, sizes: [1010] },
};
const MAX_SIZE = 10_000;
const STARTS = 100;

function usage(message: string): NetnsdError {
  return new NetnsdError('bad_usage', `${message}; see netnsd bench --help`);
}

function count(text: string, options: { name: string; max: number }): number {
  if (!/^[1-9]\d{0,5}$/.test(text) || Number(text) > options.max) {
    throw usage(`${options.name} takes numbers from 1 to ${options.max}, not ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** The command line as options, or undefined where help is asked for. Throws `bad_usage`. */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const [suite, ...others] = positionals;
  if (suite === undefined) throw usage(`name a suite: ${Object.keys(BENCH_SUITES).join(', ')}`);
  if (!isOneOf(SUITES, suite))
    throw usage(`there is no suite ${JSON.stringify(suite)}, only ${Object.keys(BENCH_SUITES).join(', ')}`);
  if (others.length > 0) throw usage(`one suite at a time, not also ${JSON.stringify(others[0])}`);
  const { rounds, sizes } = DEFAULTS[suite];
  const peers = values.peers === undefined ? [...PEERS] : values.peers.split(',').filter((name) => name !== '');
  for (const name of peers) if (!isOneOf(PEERS, name)) throw usage(`there is no peer ${JSON.stringify(name)}`);
  return {
    suite,
    json: values.json ?? false,
    check: values.check ?? false,
    ...(values.against === undefined ? {} : { against: resolve(values.against) }),
    ...(values.plot === undefined ? {} : { plot: resolve(values.plot) }),
    rounds: values.rounds === undefined ? rounds : count(values.rounds, { name: '--rounds', max: 1000 }),
    sizes: values.sizes?.split(',').map((text) => count(text, { name: '--sizes', max: MAX_SIZE })) ?? sizes,
    starts: values.starts === undefined ? STARTS : count(values.starts, { name: '--starts', max: 1000 }),
    peers: peers.filter((name) => isOneOf(PEERS, name)),
  };
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        sizes: { type: 'string' },
        peers: { type: 'string' },
        starts: { type: 'string' },
        against: { type: 'string' },
        plot: { type: 'string' },
        check: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const [first = 'bad arguments'] = error instanceof Error ? error.message.split('. ') : [];
    throw usage(first);
  }
}
