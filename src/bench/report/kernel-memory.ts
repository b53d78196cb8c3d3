import { readFileSync, writeFileSync } from 'node:fs';

/** Where proc_meminfo(5) counts what a namespace with its links holds. */
export const KERNEL_FIELDS = ['Slab', 'Percpu', 'KernelStack', 'PageTables', 'VmallocUsed'] as const;
export type KernelField = (typeof KERNEL_FIELDS)[number];

/** What the kernel holds, of the whole machine, in KiB; unused inodes and dentries are dropped first, or they would count too. */
export function kernelMemoryKiB(): Record<KernelField, number> {
  writeFileSync('/proc/sys/vm/drop_caches', '3');
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  const read = (field: KernelField) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);
  return Object.fromEntries(KERNEL_FIELDS.map((field) => [field, read(field)])) as Record<KernelField, number>;
}
