import type { BarChart, LineChart } from '../../plots/charts.js';
import type { Table } from '../../report/report.js';
import type { Results } from '../journal.js';
import { paperClaims } from './claims.js';
import { besideFigure, ratioFigure, reductionFigure, stageFigures, taxFigure, timelines } from './figures.js';
import type { Page, Section } from './html.js';
import { NETWORK_SHARE_PERCENT } from './paper-figures.js';
import { besideTable, languageTable, levelTable, reductionTable, table1, table2, taxTable } from './tables.js';

export interface Draw {
  drawBars(chart: BarChart): string;
  drawLines(chart: LineChart): string;
}

/** The whole report of what was measured; what was not is left out and named. Pure, but for the drawing. */
export function paperPage(results: Results, draw: Draw): Page {
  return {
    title: 'Agile Cold Starts for Scalable Serverless, on this machine',
    lead: leadOf(results),
    claims: paperClaims(results),
    sections: sectionsOf(results, draw).filter(({ svgs = [], tables = [] }) => svgs.length + tables.length > 0),
  };
}

function leadOf({ head, missing, complete }: Results): string[] {
  const { kernel, cpu, cores, memoryMiB, node } = head.machine;
  const versions = Object.entries(head.versions).map(([name, version]) => `${name}: ${version}`);
  const absent = head.parts.filter(({ lacks }) => lacks.length > 0);
  return [
    `netnsd bench paper, ${head.date}. Linux ${kernel}, ${cores} cores (${cpu}), ${memoryMiB} MiB, Node.js ${node}. ${versions.join('; ')}.`,
    `Contenders alternate: in each round one is opened after the other, on a host on which no other runs, warmed up with two starts, measured at each level, and closed. Figures are medians of up to ${head.rounds} rounds (three times as many runs of one at a time), with minimum and maximum. A request goes over HTTP to an invoker (fastify), which starts the container and answers with the function's output; clean-up follows the answer. Images and bundles are made before.`,
    ...(complete ? [] : ['The measuring was interrupted: this is what had been measured.']),
    ...absent.map(({ title, lacks }) => `Left out: ${title}. Not installed: ${lacks.join(', ')}.`),
    ...[...new Set(missing.map(({ why }) => why))].map((why) => {
      const names = missing.filter((one) => one.why === why).map(({ what }) => what);
      return `Not measured (${why}): ${names.join('; ')}.`;
    }),
  ];
}

function sectionsOf(results: Results, { drawBars, drawLines }: Draw): Section[] {
  const some = (...tables: Table[]) => tables.filter(({ rows }) => rows.length > 0);
  const reductions = reductionFigure(results);
  const taxes = taxFigure(results);
  const ratios = ratioFigure(results);
  return [
    {
      title: 'Figure 1a: time by stage against concurrency',
      text: [
        `The stages of the request that is the p99 until nothing of it is left. The paper finds ${NETWORK_SHARE_PERCENT} % of a cold start in creating and connecting the network.`,
        "Why it differs: Docker's events tell when a network was created; it is connected in a hook while the container starts, so that part is in the stage start. A CNI plugin does both in one call (network connect), after its caller has made the namespace (network create). The paper's kernel 4.4 held one lock for all network namespaces; this one holds it for less.",
      ],
      svgs: stageFigures(results).map(drawBars),
    },
    {
      title: 'Figures 3 and 7: timeline of concurrent functions',
      text: [
        'Each line is a request of the run whose total is the median, in the order of answers; cold to the left, pooled to the right, on the same axis. In the paper 50 functions take 20.01 s cold and 4.84 s with a pool.',
        "Why it differs: OpenWhisk's invoker is left out here, and so are its queues; the containers of the paper run Node.js.",
      ],
      svgs: timelines(results).map(drawBars),
    },
    {
      title: 'Figure 6: reduction by a pool',
      text: [
        'Per cent less time until the last answer than the same engine takes cold. The paper has 75 % at 50 and 80 % at 100.',
        'Why it differs: the network takes a smaller share of a start on this kernel, and what is left of a start is all that a pool of networks can leave.',
      ],
      svgs: reductions.series.length > 1 ? [drawBars(reductions)] : [],
      tables: some(reductionTable(results)),
    },
    {
      title: 'Table 1: networks at once',
      text: [
        "Why it differs: the paper's kernel 4.4 serialised the making of network namespaces. netnsd's figures are those of a lease and its return, since the network is there before.",
      ],
      tables: some(table1(results)),
    },
    {
      title: 'Table 2: modes, and the memory that waits',
      text: [
        'Memory is what the machine has less of (MemAvailable) with 50 more that wait, the kernel\'s own included; "of it netnsd" is the resident memory of its daemon. Containers for pre-warm and warm starts are the same, so that they cost the same.',
        "Why it differs: the paper's containers hold a Node.js runtime of about 30 MB each; those here hold one static program. More machines, as AWS Lambda answers concurrency, are computed: each function starts as alone does, and each machine takes the memory that this one had in use before anything was started.",
      ],
      tables: some(table2(results)),
    },
    {
      title: 'The network tax',
      text: [
        'The time until the last answer, less the time that the same engine takes with host networking, divided by the number of starts. Nothing of this is in the paper.',
      ],
      svgs: [
        ...(taxes.categories.length > 0 ? [drawBars(taxes)] : []),
        ...(ratios.series.length > 0 ? [drawLines(ratios)] : []),
      ],
      tables: some(taxTable(results)),
    },
    {
      title: 'A pool at rest',
      text: [
        'What a full pool costs those who start containers beside it without using it, against the same host before the daemon started.',
      ],
      svgs: results.beside.length > 0 ? [drawLines(besideFigure(results))] : [],
      tables: some(besideTable(results)),
    },
    { title: 'Other languages', text: [], tables: some(languageTable(results)) },
    {
      title: 'All that was measured',
      text: [],
      tables: some(...results.head.atOnce.map((atOnce) => levelTable(results, atOnce))),
    },
  ];
}
