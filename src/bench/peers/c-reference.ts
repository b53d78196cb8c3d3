import { nativeProgram } from '../programs/native-programs.js';
import { runProcess } from '../programs/run-process.js';
import { closeMountFolder, openMountFolder } from './mount-folder.js';
import type { Peer, Timing } from './peer.js';

const FOLDER = '/run/bench-reference';

/** The same requests from C on one thread; the program times itself, so its start does not count. */
export async function openReference(batch: number): Promise<Peer> {
  await openMountFolder(FOLDER);
  return {
    name: 'C',
    rounds: (_, rounds) => rounds,
    run: async (size) =>
      JSON.parse(await runProcess(nativeProgram('build-reference'), [FOLDER, String(size), String(batch)])) as Timing,
    close: () => closeMountFolder(FOLDER),
  };
}
