import { program, run } from './program.js';
import { type Stage, specWith } from './stage.js';

export const netnsdRunc = program();

/** A spec that the shelf can serve: annotations are either absent or not empty. */
export const SPEC = specWith({ annotations: { a: 'b' } });

export function create(stage: Stage, id = 'c1', more: readonly string[] = []) {
  return run(netnsdRunc, [...more, 'create', '-b', stage.bundle, id], { env: stage.env });
}
