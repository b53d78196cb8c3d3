import type { Finding } from '../findings.js';

interface Log {
  warn(details: object, message: string): void;
}

/** Logs findings, one line each; what only a person can repair is logged once while it lasts. */
export class FindingLog {
  readonly #log: Log;
  #logged = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  write(findings: readonly Finding[]): void {
    const lasting = new Set<string>();
    for (const { problem, outcome, advice, object, ...more } of findings) {
      const details = { object, ...more, ...(advice !== null && { advice }) };
      const line = `${object}: ${problem}`;
      if (outcome === 'done') this.#log.warn(details, `${line}; ${more.action}`);
      else if (!this.#logged.has(line)) this.#log.warn(details, `${line}; ${advice ?? 'not repaired'}`);
      if (outcome !== 'done') lasting.add(line);
    }
    this.#logged = lasting;
  }
}
