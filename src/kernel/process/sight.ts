import { statSync } from 'node:fs';
import { missingCapabilities } from './capabilities.js';

/** Inode number of the machine's first PID namespace: PROC_PID_INIT_INO of include/linux/proc_ns.h. */
const FIRST_PID_NAMESPACE = 0xef_ff_ff_fc;

/**
 * What a walk over /proc shows this process: every process of the machine, or only those of a PID namespace of its own;
 * and whether it may see in which namespace a process stands that has other rights (CAP_SYS_PTRACE; proc_pid_ns(5)).
 */
export function readSight(): { wholeMachine: boolean; others: boolean } {
  return {
    wholeMachine: statSync('/proc/self/ns/pid').ino === FIRST_PID_NAMESPACE,
    others: missingCapabilities().every(({ name }) => name !== 'CAP_SYS_PTRACE'),
  };
}
