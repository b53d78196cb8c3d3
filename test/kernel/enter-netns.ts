/** A thread that enters the network namespace at `workerData`, says so, and stays there until it is ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { closeFd, enterNetns, openFd } from '../../src/kernel/libc.js';

const fd = openFd(workerData as string);
enterNetns(fd);
closeFd(fd);
parentPort?.on('message', () => undefined);
parentPort?.postMessage('inside');
