/**
 * Injects faults into a daemon that is started with `node --import` of this file and with NETNSD_FAULTS, the folder of a
 * plan: replaces what the daemon and its kernel thread call (node:fs, the C functions that koffi binds, the netlink
 * socket) before they load it. The product knows nothing of it. See docs/crash-safety.md.
 */
import { openSync } from 'node:fs';
import { assertSandbox } from '../../guard.js';
import { wrapFileCalls } from './files.js';
import { wrapLibraries } from './libraries.js';
import { Points } from './points.js';
import { wrapNetlinkSocket } from './requests.js';

const folder = process.env.NETNSD_FAULTS;
if (folder === undefined) throw new Error('NETNSD_FAULTS is not set: which folder has the plan?');
assertSandbox();
// By a descriptor: while the kernel thread is in another mount namespace, the path is not to be found.
const points = new Points(`/proc/self/fd/${openSync(folder, 'r')}`);
wrapFileCalls(points);
wrapLibraries(points);
// Not before: it binds the C functions as it is loaded.
const { NetlinkSocket } = await import('../../../src/kernel/netlink/netlink-socket.js');
wrapNetlinkSocket(points, NetlinkSocket);
