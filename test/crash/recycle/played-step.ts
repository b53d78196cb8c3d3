import fc from 'fast-check';
import { isPossible, play } from './play.js';
import { type Step, step } from './steps.js';
import type { World } from './world.js';

/** A step, as fast-check plays it: left out where it is not possible; shrunk away where the failure does not need it. */
class PlayedStep implements fc.AsyncCommand<World, World> {
  readonly #step: Step;

  constructor(step: Step) {
    this.#step = step;
  }

  check(world: World): boolean {
    return isPossible(world, this.#step);
  }

  run(world: World): Promise<void> {
    return play(world, this.#step);
  }

  toString(): string {
    return JSON.stringify(this.#step);
  }
}

/** What happens one after the other. */
export const played = fc.commands([fc.noShrink(step.map((one) => new PlayedStep(one)))], {
  maxCommands: 60,
  size: 'max',
});
