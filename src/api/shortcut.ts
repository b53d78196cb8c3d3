import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { ContainerRequests } from './container-requests.js';
import type { Handovers } from './handover.js';
import { answerMalformed, problemOf } from './problem.js';
import { type Asked, answerText, NO_CONTENT, readShortcut } from './shortcut-text.js';

/** What a client may send before it has its answer. */
const EARLY_BYTES = 64 * 1024;
const SILENT = Object.assign(new Error('the client said nothing'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

interface ShortcutOptions {
  readonly requests: ContainerRequests;
  readonly handovers: Handovers;
  readonly onFault: (error: Error) => void;
  /** How long a client may take to say anything, and how long its connection may rest after an answer. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Node's own: takes a connection that no shortcut is for. */
  readonly accept: (socket: Socket) => void;
}

/**
 * Serves the two requests that every container's start and end waits for, as netnsd-runc writes them, without Node's HTTP
 * server and fastify: while a hundred containers start, nothing of theirs is in the processor's caches, and the way through
 * them takes three times as long as the lease itself. Only a first packet that is one such request, whole and valid,
 * is served here; with any other the connection goes to Node, which sees it as if it had been there from the start.
 */
export class Shortcut {
  readonly #options: ShortcutOptions;
  /** Connections without a request under way, and those with one. */
  readonly #resting = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  #closing = false;

  /** Puts itself before Node's own listener for connections. */
  static install(
    server: Server,
    options: Omit<ShortcutOptions, 'accept'> & { accepted(socket: Socket): void },
  ): Shortcut {
    const [listener] = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    if (listener === undefined) throw new Error('the server takes no connections');
    const accept = (socket: Socket): void => {
      options.accepted(socket);
      listener.call(server, socket);
    };
    const shortcut = new Shortcut({ ...options, accept });
    server.off('connection', listener);
    server.on('connection', (socket: Socket) => shortcut.#meet(socket));
    // Node's list of all connections holds those that it was handed.
    const closeHanded = server.closeAllConnections.bind(server);
    server.closeAllConnections = () => {
      closeHanded();
      for (const socket of [...shortcut.#resting, ...shortcut.#busy]) socket.destroy();
    };
    return shortcut;
  }

  private constructor(options: ShortcutOptions) {
    this.#options = options;
  }

  /** Lets go of connections that rest; the others end with their answer. */
  close(): void {
    this.#closing = true;
    for (const socket of this.#resting) socket.destroy();
  }

  #meet(socket: Socket): void {
    let heard = false;
    let early: Buffer[] = [];
    let earlyBytes = 0;
    const onData = (chunk: Buffer): void => {
      heard = true;
      // Two requests at once are nothing that netnsd-runc sends: the second is Node's, when the first is answered.
      if (this.#busy.has(socket)) {
        earlyBytes += chunk.length;
        if (earlyBytes > EARLY_BYTES) socket.destroy();
        else early.push(chunk);
        return;
      }
      const asked = readShortcut(chunk);
      if (asked === null) {
        this.#handOver(socket, { chunk, leave });
        return;
      }
      this.#resting.delete(socket);
      this.#busy.add(socket);
      socket.setTimeout(0);
      void this.#serve(socket, asked).then(() => {
        if (!this.#busy.delete(socket)) return;
        if (early.length > 0) return this.#handOver(socket, { chunk: Buffer.concat(early), leave });
        if (this.#closing) return void socket.end(() => socket.destroy());
        this.#resting.add(socket);
        socket.setTimeout(this.#options.keepAliveMs);
      });
    };
    const onTimeout = (): void => {
      if (heard) socket.destroy();
      else answerMalformed(SILENT, socket);
    };
    // Also while it is served: this client will hear no answer.
    const onEnd = (): void => void socket.destroy();
    const onClose = (): void => {
      this.#resting.delete(socket);
      this.#busy.delete(socket);
      early = [];
    };
    const leave = (): void => {
      socket.off('data', onData).off('timeout', onTimeout).off('end', onEnd).off('error', onEnd).off('close', onClose);
      onClose();
    };
    this.#resting.add(socket);
    socket.on('data', onData).on('timeout', onTimeout).on('end', onEnd).on('error', onEnd).on('close', onClose);
    socket.setTimeout(this.#options.requestTimeoutMs);
  }

  #handOver(socket: Socket, { chunk, leave }: { chunk: Buffer; leave: () => void }): void {
    leave();
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(chunk);
    this.#options.accept(socket);
    process.nextTick(() => socket.resume());
  }

  /** Never rejects. Resolves when the answer is on its way. */
  async #serve(socket: Socket, asked: Asked): Promise<void> {
    if (asked.kind === 'patch') return this.#patch(socket, asked);
    try {
      await this.#options.requests.release(asked.containerId, asked);
      // Who forces a release seldom stays to hear of it, and by the next turn that is known: a write to nobody makes an error.
      if (asked.force) await setImmediate();
      if (!socket.destroyed) socket.write(NO_CONTENT);
    } catch (error) {
      socket.write(this.#problem(error));
    }
  }

  async #patch(socket: Socket, { body, headers }: Asked & { kind: 'patch' }): Promise<void> {
    const { requests, handovers } = this.#options;
    const handover = handovers.openOn(socket);
    const text = await requests
      .patch(body, { headers, handover })
      .then(answerText)
      .catch((error: unknown) => this.#problem(error));
    socket.write(text, () => handovers.written(handover, socket));
  }

  #problem(error: unknown): string {
    return answerText(problemOf(error as Error, this.#options.onFault));
  }
}
