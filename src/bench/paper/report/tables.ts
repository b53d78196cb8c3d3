import type { Cell, Table } from '../../report/report.js';
import { median } from '../../report/statistics.js';
import type { Part, Results } from '../journal.js';
import { FIGURE_6, TABLE_1, TABLE_2 } from './paper-figures.js';
import { levelOf, nearestLevel, PAIRS, spread, taxOf, wasMeasured } from './summary.js';

type Row = Record<string, Cell>;
const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000);

/** Those that took part. */
function present({ head }: Results): Part[] {
  return head.parts.filter(({ lacks }) => lacks.length === 0);
}

function titleOf({ head }: Results, name: string): string {
  return head.parts.find((part) => part.name === name)?.title ?? name;
}

/** The paper's table 1, for `ip` commands and for every other network that its caller makes. */
export function table1(results: Results): Table {
  const rows = present(results).flatMap(({ name, title }) =>
    results.head.atOnce.flatMap((atOnce): Row[] => {
      const runs = results.networks.filter((one) => one.contender === name && one.atOnce === atOnce);
      const [create, remove] = [
        spread(runs.map(({ createMs }) => createMs)),
        spread(runs.map(({ removeMs }) => removeMs)),
      ];
      if (create === null || remove === null) return [];
      const paper = name === 'ip-commands' ? TABLE_1[atOnce] : undefined;
      return [
        {
          networks: title,
          'at once': atOnce,
          runs: runs.length,
          'create s': seconds(create.median),
          'min s': seconds(create.min),
          'max s': seconds(create.max),
          "the paper's create s": paper?.createS ?? null,
          'clean-up s': seconds(remove.median),
          "the paper's clean-up s": paper?.removeS ?? null,
        },
      ];
    }),
  );
  return { title: 'Table 1: networks made and removed at once, without containers', rows };
}

/** The paper's figure 6 as a table: how much less time a pool takes, pair by pair. */
export function reductionTable(results: Results): Table {
  const rows = results.head.atOnce.map((atOnce): Row => {
    const pairs = PAIRS.flatMap(({ cold, pooled }): [string, Cell][] => {
      if (!wasMeasured(results, cold) || !wasMeasured(results, pooled)) return [];
      return [
        [`${titleOf(results, pooled)} for ${titleOf(results, cold)}: % less`, reduction(results, cold, pooled, atOnce)],
      ];
    });
    return { 'at once': atOnce, ...Object.fromEntries(pairs), "the paper's % less": FIGURE_6[atOnce] ?? null };
  });
  return { title: 'Figure 6: reduction of the time until the last answer', rows };
}

/** By how many per cent less than `cold` the contender `pooled` takes; null where one was not measured. */
export function reduction(results: Results, cold: string, pooled: string, atOnce: number): number | null {
  const [slow, fast] = [cold, pooled].map((name) => levelOf(results, name, atOnce)?.total);
  return slow && fast ? 100 * (1 - fast.median / slow.median) : null;
}

const MODES = [
  { mode: 'cold', names: ['docker-bridge', 'cni-bridge-masq'] },
  { mode: 'pooled', names: ['docker-pause', 'netnsd-runc'] },
  { mode: 'pre-warm', names: ['docker-prewarm', 'runc-prewarm'] },
  { mode: 'warm', names: ['docker-warm', 'runc-warm'] },
] as const;
/** Whose memory is that of which contender that waits. */
const WAITS: Readonly<Record<string, string>> = {
  'netnsd-runc': 'netnsd',
  'docker-prewarm': 'docker-warm',
  'runc-prewarm': 'runc-warm',
};

/** The paper's table 2, and the answer of those who give each function a machine, computed. */
export function table2(results: Results): Table {
  const atOnce = nearestLevel(results, 50);
  const rows = MODES.flatMap(({ mode, names }) =>
    names.flatMap((name): Row[] => {
      const total = levelOf(results, name, atOnce)?.total;
      if (!total) return [];
      const idle = results.idle.find(({ what }) => what === (WAITS[name] ?? name));
      const paper = TABLE_2[mode];
      return [
        {
          mode,
          contender: titleOf(results, name),
          [`${atOnce} at once: s`]: seconds(total.median),
          "the paper's s for 50": paper.totalS,
          'memory of 50 that wait MB':
            mode === 'cold' ? 0 : idle === undefined ? null : (idle.machineMb * 50) / idle.count,
          'of it netnsd MB': idle?.daemonMb == null ? null : (idle.daemonMb * 50) / idle.count,
          "the paper's MB": paper.memoryMb,
        },
      ];
    }),
  );
  return {
    title: 'Table 2: 50 functions, and the memory that waits for them',
    rows: [...rows, ...machines(results, atOnce)],
  };
}

/** More machines: each function starts as alone, and has the memory of a machine for itself. */
function machines(results: Results, atOnce: number): Row[] {
  const name = ['docker-bridge', 'cni-bridge-masq'].find((one) => levelOf(results, one, 1)?.total);
  const alone = name === undefined ? undefined : levelOf(results, name, 1)?.total;
  if (!alone || name === undefined) return [];
  return [
    {
      mode: 'more machines (computed)',
      contender: `${atOnce} machines with ${titleOf(results, name)}, one function each`,
      [`${atOnce} at once: s`]: seconds(alone.median),
      "the paper's s for 50": null,
      'memory of 50 that wait MB': 50 * results.head.usedMb,
      'of it netnsd MB': null,
      "the paper's MB": null,
    },
  ];
}

/** What the network adds to a start, for every contender and level. */
export function taxTable(results: Results): Table {
  const rows = present(results).flatMap((part): Row[] => {
    const taxes = results.head.atOnce.map((atOnce) => [atOnce, taxOf(results, part, atOnce)] as const);
    if (taxes.every(([, tax]) => tax === undefined)) return [];
    const cells = taxes.flatMap(([atOnce, tax]): [string, Cell][] => [
      [`${atOnce} at once: ms each`, tax?.eachMs ?? null],
      [`${atOnce} at once: times the bound`, tax?.ratio ?? null],
    ]);
    return [{ contender: part.title, ...Object.fromEntries(cells) }];
  });
  return { title: 'The network tax: what a start takes more than with host networking of the same engine', rows };
}

/** Every contender at every level. */
export function levelTable(results: Results, atOnce: number): Table {
  const rows = present(results).flatMap(({ name, title, mode }): Row[] => {
    const level = levelOf(results, name, atOnce);
    if (level === undefined) return [];
    const { total, done, request } = level;
    return [
      {
        contender: title,
        mode,
        runs: level.runs,
        failed: level.failed === 0 ? '-' : `${level.failed}: ${level.error}`,
        'last answer ms': total?.median ?? null,
        'min ms': total?.min ?? null,
        'max ms': total?.max ?? null,
        'nothing left ms': done?.median ?? null,
        'a request p50 ms': request?.median ?? null,
        'a request p99 ms': request?.p99 ?? null,
      },
    ];
  });
  return { title: `${atOnce} at once`, rows };
}

/** Functions of other languages. */
export function languageTable(results: Results): Table {
  const others = results.runs.filter(({ language }) => language !== 'c');
  const keys = [...new Set(others.map(({ contender, language, atOnce }) => `${language} ${contender} ${atOnce}`))];
  const rows = keys.flatMap((key): Row[] => {
    const run = others.find((one) => `${one.language} ${one.contender} ${one.atOnce}` === key);
    if (run === undefined) return [];
    const level = levelOf(results, run.contender, run.atOnce, run.language);
    const inside = others
      .filter((one) => one.language === run.language && one.contender === run.contender)
      .flatMap(({ requests }) => requests.map(({ stages }) => stages.run ?? 0));
    return [
      {
        language: run.language,
        'primes below': results.head.limits[run.language] ?? null,
        contender: titleOf(results, run.contender),
        'at once': run.atOnce,
        failed: level?.error ?? '-',
        'last answer ms': level?.total?.median ?? null,
        'of it run, median ms': inside.length === 0 ? null : median(inside),
      },
    ];
  });
  return { title: 'Functions of other languages', rows };
}

/** What a pool at rest costs. */
export function besideTable(results: Results): Table {
  const rows = results.beside.map((one) => ({
    endpoints: one.poolSize,
    'daemon RSS MB': one.daemonMb,
    'kernel MB': one.kernelMb,
    'one runc run / bare host': one.oneRatio,
    '50 runc run at once / bare host': one.manyRatio,
  }));
  return { title: 'The host beside a pool at rest: starts with host networking, and memory', rows };
}
