import type { Clock, Endpoints } from '../ports/index.js';

interface Question {
  readonly netnsInode: number;
  readonly resolve: (pids: number[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Finds the processes inside namespaces. Questions of one turn, or during a walk over /proc, share the next walk. */
export class Occupants {
  readonly #endpoints: Endpoints;
  readonly #clock: Clock;
  #questions: Question[] = [];
  #asking = false;

  constructor(options: { endpoints: Endpoints; clock: Clock }) {
    this.#endpoints = options.endpoints;
    this.#clock = options.clock;
  }

  /** Ids of the processes inside; rejects with `worker_failed`. */
  of(netnsInode: number): Promise<number[]> {
    return new Promise((resolve, reject) => {
      this.#questions.push({ netnsInode, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    if (this.#asking || this.#questions.length === 0) return;
    this.#asking = true;
    this.#clock.soon(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const questions = this.#questions;
    this.#questions = [];
    try {
      const users = await this.#endpoints.users(questions.map(({ netnsInode }) => netnsInode));
      for (const [position, { resolve }] of questions.entries()) resolve(users[position] ?? []);
    } catch (error) {
      for (const { reject } of questions) reject(error);
    } finally {
      this.#asking = false;
      this.#start();
    }
  }
}
