import { mkdirSync, rmSync } from 'node:fs';
import { createNetns, NetnsHandle, removeNetns } from '../../kernel/netns/netns.js';
import type { Tool } from '../programs/prerequisites.js';
import { concurrently, runProcess } from '../programs/run-process.js';
import { closeMountFolder, openMountFolder } from './mount-folder.js';
import { fewRounds, type Peer, timed } from './peer.js';

export const PLUGINS = '/usr/lib/cni';
const PACKAGE = 'containernetworking-plugins';
export const CNI_TOOLS: readonly Tool[] = [
  { name: 'bridge', package: PACKAGE, path: `${PLUGINS}/bridge` },
  { name: 'host-local', package: PACKAGE, path: `${PLUGINS}/host-local` },
  // The plugin leaves its bridge behind.
  { name: 'ip', package: 'iproute2' },
];
const WIDTH = 100;
const BRIDGE = 'cnibench0';
const FOLDER = '/run/bench-cni';
const DATA = '/run/bench-cni-data';
const CONFIG = JSON.stringify({
  cniVersion: '1.0.0',
  name: 'bench',
  type: 'bridge',
  bridge: BRIDGE,
  isGateway: true,
  ipMasq: false,
  ipam: { type: 'host-local', dataDir: DATA, ranges: [[{ subnet: '10.216.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
});

/**
 * The CNI bridge plugin with host-local addresses, 100 processes at once. A plugin is given a namespace by its caller:
 * it is made here by the two system calls that it takes, one after another, and counted; `lo` is left down.
 */
export async function openCniBridge(): Promise<Peer> {
  await openMountFolder(FOLDER);
  mkdirSync(DATA);
  const home = NetnsHandle.open();
  const path = (index: number) => `${FOLDER}/cni-${index}`;
  const plugin = async (command: 'ADD' | 'DEL', index: number) => {
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: `bench-${index}`,
      CNI_NETNS: path(index),
      CNI_IFNAME: 'eth0',
      CNI_PATH: PLUGINS,
    };
    await runProcess(`${PLUGINS}/bridge`, [], { stdin: CONFIG, env });
  };
  return {
    name: 'CNI bridge',
    rounds: fewRounds,
    run: (size) =>
      timed(
        async () => {
          for (let index = 0; index < size; index++) {
            createNetns({ path: path(index), home, act: () => undefined }).handle.close();
          }
          await concurrently(size, WIDTH, (index) => plugin('ADD', index));
        },
        async () => {
          await concurrently(size, WIDTH, (index) => plugin('DEL', index));
          for (let index = 0; index < size; index++) removeNetns(path(index));
        },
      ),
    close: async () => {
      home.close();
      await runProcess('ip', ['link', 'del', BRIDGE]);
      await closeMountFolder(FOLDER);
      rmSync(DATA, { recursive: true });
    },
  };
}
