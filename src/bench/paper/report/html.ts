import { PALETTE_CSS } from '../../plots/charts.js';
import { type Claim, claimText } from '../../report/claim.js';
import type { Cell, Table } from '../../report/report.js';

/** A part of the report: text, figures as SVG, tables. */
export interface Section {
  readonly title: string;
  readonly text: readonly string[];
  readonly svgs?: readonly string[];
  readonly tables?: readonly Table[];
}

export interface Page {
  readonly title: string;
  readonly lead: readonly string[];
  readonly claims: readonly Claim[];
  readonly sections: readonly Section[];
}

const CSS = `${PALETTE_CSS}
body { background: var(--paper); color: var(--ink); font: 15px/1.5 sans-serif; margin: 0 auto; max-width: 1160px; padding: 16px; }
h1 { font-size: 24px; } h2 { font-size: 19px; margin-top: 36px; } h3 { font-size: 15px; }
.figures { display: flex; flex-wrap: wrap; gap: 8px; } .figures svg { height: auto; max-width: 100%; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; }
th, td { border-bottom: 1px solid var(--grid); padding: 3px 8px; text-align: left; vertical-align: bottom; }
td.number { font-variant-numeric: tabular-nums; text-align: right; } .missed { font-weight: bold; }
@media print { section { break-inside: avoid; } body { font-size: 11px; } table { font-size: 9px; } .table { overflow: visible; } }`;

/** One HTML document that needs nothing else. Pure. */
export function pageHtml({ title, lead, claims, sections }: Page): string {
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(title)}</title><style>${CSS}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    ...lead.map((text) => `<p>${escaped(text)}</p>`),
    ...claimsHtml(claims),
    ...sections.map(sectionHtml),
    '</body></html>',
    '',
  ].join('\n');
}

function claimsHtml(claims: readonly Claim[]): string[] {
  if (claims.length === 0) return [];
  const rows = claims.map(
    (claim) =>
      `<tr><td class="${claim.met ? 'met' : 'missed'}">${claim.met ? 'met' : 'MISSED'}</td><td>${escaped(claim.name)}</td><td>${escaped(claimText(claim))}</td></tr>`,
  );
  return ['<section><h2>Claims</h2>', `<div class="table"><table>${rows.join('\n')}</table></div></section>`];
}

function sectionHtml({ title, text, svgs = [], tables = [] }: Section): string {
  return [
    `<section><h2>${escaped(title)}</h2>`,
    ...text.map((one) => `<p>${escaped(one)}</p>`),
    ...(svgs.length === 0 ? [] : [`<div class="figures">${svgs.join('\n')}</div>`]),
    ...tables.map(tableHtml),
    '</section>',
  ].join('\n');
}

function tableHtml({ title, rows }: Table): string {
  const names = Object.keys(rows[0] ?? {});
  const head = names.map((name) => `<th>${escaped(name)}</th>`).join('');
  const body = rows.map((row) => `<tr>${names.map((name) => cellHtml(row[name] ?? null)).join('')}</tr>`).join('\n');
  return `<h3>${escaped(title)}</h3><div class="table"><table><tr>${head}</tr>\n${body}</table></div>`;
}

function cellHtml(cell: Cell): string {
  if (typeof cell === 'string') return `<td>${escaped(cell)}</td>`;
  return `<td class="number">${cell === null ? '-' : digits(cell)}</td>`;
}

/** Three digits that count, and all of a whole number. */
function digits(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
