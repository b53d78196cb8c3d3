import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process inside a leased namespace, which pings its gateway ten times a second for as long as it lives. */
export class Guest {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #words = '';

  constructor(netnsPath: string, gateway: string) {
    this.#child = spawn('nsenter', [`--net=${netnsPath}`, 'busybox', 'ping', '-q', '-i', '0.1', '-W', '1', gateway], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#words += text;
    });
  }

  /** Ends it, if it has not ended; how many pings it sent and how many were answered. */
  async end(): Promise<{ sent: number; answered: number }> {
    this.#child.kill('SIGINT');
    await this.#closed;
    const [, sent, answered] = /(\d+) packets transmitted, (\d+) packets received/.exec(this.#words) ?? [];
    return { sent: Number(sent), answered: Number(answered) };
  }
}
