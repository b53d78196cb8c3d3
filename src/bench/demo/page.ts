import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'cyan';

const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

/** What the demo prints: numbered steps, facts with their times aligned to the right, and quotes. */
const WIDTH = 96;

export function style(text: string, as: Style): string {
  return coloured ? styleText(as, text) : text;
}

export function line(text = ''): void {
  console.log(text);
}

let steps = 0;

/** Begins a numbered step. */
export function step(title: string): void {
  steps += 1;
  line(`\n${style(`${steps}. ${title}`, 'bold')}`);
}

/** One thing that happened, and how long it took. */
export function fact(text: string, ms?: number): void {
  line(ms === undefined ? `   ${text}` : `   ${text.padEnd(WIDTH - 15)}${style(duration(ms).padStart(12), 'cyan')}`);
}

/** A command as it could be typed. */
export function command(text: string): void {
  line(`   ${style(`$ ${text}`, 'green')}`);
}

/** The output of something, set off from the narrative. */
export function quote(text: string): void {
  for (const one of text.trimEnd().split('\n')) line(style(`   │ ${one}`, 'dim'));
}

/** Milliseconds for people: in µs below one, with three digits that count. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
