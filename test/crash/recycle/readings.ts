import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hubOf } from '../../runtime/eye.js';
import { differences, readyProblem } from './inside.js';
import type { Known } from './known.js';
import { ownReading } from './own-reading.js';

/** How long the kernel may take to tell the state of a link that is new, and to free sockets. */
const LATE_MS = 60_000;
const run = promisify(execFile);

interface Reading {
  readonly own: ReadonlyMap<string, string>;
  readonly seen: ReadonlyMap<string, string>;
}

/** Holds endpoints that were just handed out against an unused one, by two independent readers. */
export class Readings {
  readonly #subnet: string;
  readonly #daemon: { readonly stateDir: string };
  #pristine: Reading = { own: new Map(), seen: new Map() };

  constructor(subnet: string, daemon: { readonly stateDir: string }) {
    this.#subnet = subnet;
    this.#daemon = daemon;
  }

  /** What pristine is, from an endpoint that was built just now and is untouched. */
  async take(known: Known): Promise<void> {
    // Once to have the kernel load what it is asked for, and until two looks agree.
    for (let last = ''; ; await delay(50)) {
      const reading = await this.#read(known);
      const text = JSON.stringify([...reading.own, ...reading.seen]);
      if (text === last) {
        this.#pristine = reading;
        return;
      }
      last = text;
    }
  }

  /** How an endpoint differs from a pristine one, and goes on to: what the kernel does late is waited for. */
  async deviations(known: Known): Promise<string[]> {
    const { own, seen } = this.#pristine;
    for (const end = Date.now() + LATE_MS; ; await delay(30)) {
      const found = await this.#read(known);
      const deviations = [...differences(own, found.own), ...differences(seen, found.seen)];
      if (deviations.length === 0 || Date.now() > end) return deviations;
    }
  }

  async #read({ path, address, mac, hostName }: Known): Promise<Reading> {
    const hub = `--net=${hubOf(this.#daemon)}`;
    const { stdout } = await run('nsenter', [hub, 'ip', '-j', 'link', 'show', 'dev', hostName]);
    const [link] = JSON.parse(stdout) as { ifindex: number }[];
    const seen = await readyProblem({ netnsPath: path, address, mac });
    const own = ownReading({ netnsPath: path, subnet: this.#subnet, address, hostIndex: link?.ifindex ?? 0 });
    return { own, seen };
  }
}

/** What the host remembers of connections of an address (`conntrack -L`), a line each. */
export async function connectionsOf(address: string): Promise<string[]> {
  const { stdout } = await run('conntrack', ['-L']);
  return stdout.split('\n').filter((line) => line.split(/[ =]/).includes(address));
}
