import { prepareMountFolder, removeMountFolder } from '../../kernel/netns/mount-folder.js';
import { nativeProgram } from '../native-programs.js';
import { runProcess } from '../run-process.js';
import type { Peer, Timing } from './peer.js';

const FOLDER = '/run/bench-reference';

/** The same requests from C on one thread; the program times itself, so its start does not count. */
export function openReference(batch: number): Peer {
  prepareMountFolder(FOLDER);
  return {
    name: 'C',
    rounds: (_, rounds) => rounds,
    run: async (size) =>
      JSON.parse(await runProcess(nativeProgram('build-reference'), [FOLDER, String(size), String(batch)])) as Timing,
    close: async () => removeMountFolder(FOLDER),
  };
}
