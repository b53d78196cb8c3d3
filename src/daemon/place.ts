import { NetnsdError } from '../errors.js';
import { unsafeAncestor } from '../state/index.js';

/**
 * Throws `state_dir_unsafe` where others than root and this user may put something else in the place of `path`: a socket
 * on which an impostor answers, or a namespace that is not the one that was leased. `setting` is what moves it.
 */
export function assertPlaceSafe(path: string, setting: string): void {
  const unsafe = unsafeAncestor(path);
  if (unsafe === undefined) return;
  const message = `${unsafe.path} ${unsafe.problem}; or choose another with ${setting}`;
  throw new NetnsdError('state_dir_unsafe', message, { details: { path, folder: unsafe.path } });
}
