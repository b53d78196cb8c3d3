import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Test } from 'tap';
import { make } from '../../native/program.js';
import { eventually } from '../eye.js';

/** native-scripts/test/frames.c */
export function framesProgram(): string {
  const path = fileURLToPath(new URL('../../../../native-scripts/build/frames', import.meta.url));
  make(path);
  return path;
}

/** An interface in a namespace, from which frames are sent, and which sees all frames that arrive there. */
export class Wire {
  readonly seen: string[] = [];
  readonly #process: ReturnType<typeof execa>;
  #sent = 0;
  #answers = 0;

  /** Ends with the test. `path`: of the namespace; absent: this one. */
  static async open(t: Test, program: string, link: string, path?: string): Promise<Wire> {
    const wire = new Wire(path === undefined ? [program, link] : ['nsenter', `--net=${path}`, program, link]);
    t.teardown(() => wire.#process.kill('SIGKILL'));
    await eventually(`frames of ${link} are seen`, () => wire.#answers === 1);
    return wire;
  }

  private constructor([file, ...args]: readonly string[]) {
    this.#process = execa(file as string, args, { reject: false, buffer: false });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('no standard output');
    createInterface(stdout).on('line', (line) => {
      if (line === 'sent' || line === 'ready') this.#answers += 1;
      else this.seen.push(line);
    });
  }

  /** Resolves when the frames are on the wire. */
  async send(...frames: string[]): Promise<void> {
    this.#sent += frames.length;
    for (const frame of frames) this.#process.stdin?.write(`${frame}\n`);
    await eventually('the frames are sent', () => this.#answers > this.#sent);
  }

  /** Whether a frame with this content arrived. */
  has(content: string): boolean {
    return this.seen.some((frame) => frame.includes(content));
  }

  /** Resolves when a frame with this content has arrived. */
  async arrival(content: string): Promise<void> {
    await eventually(`${content} arrives`, () => this.has(content));
  }
}
