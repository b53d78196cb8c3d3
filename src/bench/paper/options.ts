import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { NetnsdError } from '../../errors.js';
import { CONTENDERS } from './contenders/index.js';
import { LANGUAGES, type Language } from './functions.js';

export interface PaperOptions {
  /** How many requests at once. */
  readonly atOnce: readonly number[];
  /** How often everything is measured, in alternating order. */
  readonly rounds: number;
  readonly contenders: readonly string[];
  /** Of the functions; C in any case. */
  readonly languages: readonly Language[];
  /** The folder of the report; an absolute path. */
  readonly out: string;
  /** When no further measurement is begun; undefined without a limit. */
  readonly budgetMs?: number | undefined;
  /** Pools beside which starts of others are measured. */
  readonly poolSizes: readonly number[];
  /** Endpoints and containers whose memory is measured; 0 leaves that out. */
  readonly idle: number;
}

export const HELP = `Usage: netnsd bench paper [options]

Measures the tables and figures of "Agile Cold Starts for Scalable Serverless" (HotCloud 2019) on this machine, with netnsd and with
what else there is, in namespaces of its own. Writes report.html, results.json, requests.csv and runs.csv.

Options:
  --quick             one round, small pools at rest; begins nothing new after 4 minutes
  --out DIR           where the report is written (default: netnsd-paper)
  --contenders A,B    some of: ${wrapped(CONTENDERS.map(({ name }) => name))}
  --at-once N,N       requests at once (default: 1,10,50,100; quick: 1,10,50)
  --rounds N          how often, in alternating order (default: 5)
  --languages A,B     of the functions besides C, some of sh, python, node (default: all; quick: none)
  --pool-sizes N,N    pools at rest beside which others start; '' for none (default: 100,1000,10000; quick: 100)
  --idle N            endpoints and containers whose memory is measured; 0 for none (default: 50)
  --help              print this
`;

const MOST_AT_ONCE = 200;
const QUICK_MS = 240_000;

function wrapped(names: readonly string[]): string {
  const lines: string[] = [''];
  for (const name of names) {
    const last = lines.at(-1) as string;
    if (`${last}${name}, `.length > 90) lines.push(`${name}, `);
    else lines[lines.length - 1] = `${last}${name}, `;
  }
  return lines.join(`\n${' '.repeat(22)}`).replace(/, $/, '');
}

function usage(message: string): NetnsdError {
  return new NetnsdError('bad_usage', `${message}; see netnsd bench paper --help`);
}

function counts(text: string, options: { name: string; max: number; min?: number }): number[] {
  const { name, max, min = 1 } = options;
  return text
    .split(',')
    .filter((one) => one !== '')
    .map((one) => {
      if (!/^\d{1,5}$/.test(one) || Number(one) < min || Number(one) > max)
        throw usage(`${name} takes numbers from ${min} to ${max}, not ${JSON.stringify(one)}`);
      return Number(one);
    });
}

function count(text: string, options: { name: string; max: number; min?: number }): number {
  const [first, ...more] = counts(text, options);
  if (first === undefined || more.length > 0)
    throw usage(`${options.name} takes one number, not ${JSON.stringify(text)}`);
  return first;
}

/** The command line as options, or undefined where help is asked for. Throws `bad_usage`. */
export function parsePaperOptions(argv: readonly string[]): PaperOptions | undefined {
  const values = parse(argv);
  if (values.help) return undefined;
  const all = CONTENDERS.map(({ name }) => name);
  const contenders = values.contenders?.split(',').filter((name) => name !== '') ?? all;
  for (const name of contenders)
    if (!all.includes(name)) throw usage(`there is no contender ${JSON.stringify(name)}, only ${all.join(', ')}`);
  const atOnce = counts(values['at-once'] ?? (values.quick ? '1,10,50' : '1,10,50,100'), {
    name: '--at-once',
    max: MOST_AT_ONCE,
  });
  if (atOnce.length === 0 || contenders.length === 0) throw usage('nothing to measure');
  const sizes = values['pool-sizes'] ?? (values.quick ? '100' : '100,1000,10000');
  return {
    atOnce,
    contenders,
    languages: languagesOf(values.languages ?? (values.quick ? '' : 'sh,python,node')),
    rounds: count(values.rounds ?? (values.quick ? '1' : '5'), { name: '--rounds', max: 100 }),
    out: resolve(values.out ?? 'netnsd-paper'),
    ...(values.quick ? { budgetMs: QUICK_MS } : {}),
    poolSizes: counts(sizes, { name: '--pool-sizes', max: 10_000 }),
    idle: count(values.idle ?? '50', { name: '--idle', min: 0, max: 1000 }),
  };
}

function languagesOf(text: string): Language[] {
  const names = text.split(',').filter((name) => name !== '');
  for (const name of names)
    if (!LANGUAGES.some((one) => one === name)) throw usage(`there is no language ${JSON.stringify(name)}`);
  return ['c', ...LANGUAGES.filter((one) => one !== 'c' && names.includes(one))];
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        quick: { type: 'boolean' },
        out: { type: 'string' },
        contenders: { type: 'string' },
        'at-once': { type: 'string' },
        rounds: { type: 'string' },
        languages: { type: 'string' },
        'pool-sizes': { type: 'string' },
        idle: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    const [first = 'bad arguments'] = error instanceof Error ? error.message.split('. ') : [];
    throw usage(first);
  }
}
