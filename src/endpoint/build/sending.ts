import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import type { Outcome, Request } from '../../kernel/netlink/request.js';
import { ThreadLostError } from '../../kernel/netns/netns.js';
import type { Build } from './endpoint-build.js';
import type { BuildStep, Step } from './steps.js';

/** Of one socket, in the order in which they are sent: what is asked, for which build, as which step. */
interface Part {
  readonly requests: Request[];
  readonly builds: Build[];
  readonly steps: BuildStep[];
}

/** Requests of many builds: those of one socket go in one send. Sockets follow each other in the order in which they first appear. */
export class Sending {
  readonly #parts = new Map<NetlinkSocket, Part>();

  add(build: Build, socket: NetlinkSocket, { step, request }: Step): void {
    let part = this.#parts.get(socket);
    if (part === undefined) {
      part = { requests: [], builds: [], steps: [] };
      this.#parts.set(socket, part);
    }
    part.requests.push(request);
    part.builds.push(build);
    part.steps.push(step);
  }

  /** Sends all, and tells each build its first reply and its failures. If answers are lost, all builds have failed. */
  send(): void {
    try {
      for (const [socket, part] of this.#parts) tell(part, socket.transact(part.requests));
    } catch (error) {
      if (error instanceof ThreadLostError) throw error;
      for (const { builds, steps } of this.#parts.values())
        for (const [position, build] of builds.entries()) build.fail(steps[position] as BuildStep, error);
    }
  }
}

function tell({ builds, steps }: Part, outcomes: readonly Outcome[]): void {
  for (let position = 0; position < outcomes.length; position += 1) {
    const outcome = outcomes[position] as Outcome;
    if (!outcome.ok) (builds[position] as Build).fail(steps[position] as BuildStep, outcome.error);
    else if (outcome.replies.length > 0) (builds[position] as Build).reply ??= outcome.replies[0];
  }
}
