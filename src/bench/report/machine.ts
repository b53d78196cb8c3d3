import { cpus, release, totalmem } from 'node:os';

/** Where a figure comes from: without it, no absolute figure means anything. */
export interface Machine {
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly node: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    kernel: release(),
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    node: process.version,
  };
}
