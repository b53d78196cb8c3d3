import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlots } from '../../plots/load.js';
import { claimText } from '../../report/claim.js';
import type { Results } from '../journal.js';
import { requestsCsv, runsCsv } from './csv.js';
import { taxFigure } from './figures.js';
import { pageHtml } from './html.js';
import { paperPage } from './page.js';

/** Writes report.html, results.json, requests.csv, runs.csv and, if it was measured, network-tax.svg into `folder`; returns what a terminal shows. */
export async function writeReport(results: Results, folder: string): Promise<string> {
  const plots = await loadPlots();
  const page = paperPage(results, plots);
  const taxes = taxFigure(results);
  const files = {
    'report.html': pageHtml(page),
    'results.json': `${JSON.stringify(results)}\n`,
    'requests.csv': requestsCsv(results),
    'runs.csv': runsCsv(results),
    ...(taxes.categories.length > 0 ? { 'network-tax.svg': plots.standalone(plots.drawBars(taxes)) } : {}),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const claims = page.claims.map((claim) => `${claim.met ? 'met' : 'MISSED'}  ${claim.name}: ${claimText(claim)}`);
  const failed = results.runs.filter(({ error }) => error !== null).length;
  return [
    ...claims,
    `${results.runs.length} runs, ${failed} failed, ${results.missing.length} not measured${results.complete ? '' : '; interrupted'}`,
    `${join(folder, 'report.html')}`,
    '',
  ].join('\n');
}
