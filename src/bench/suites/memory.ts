import { setTimeout as delay } from 'node:timers/promises';
import type { BenchOptions } from '../options.js';
import { residentKiB, startDaemon } from '../programs/daemon-process.js';
import { settleNamespaces } from '../programs/native-programs.js';
import { type Claim, claim } from '../report/claim.js';
import { KERNEL_FIELDS, type KernelField, kernelMemoryKiB } from '../report/kernel-memory.js';
import type { Report } from '../report/report.js';
import { median } from '../report/statistics.js';

const TARGET_MB = 100;
/** The daemon gives back its garbage when it has been at rest for two seconds. */
const QUIET_MS = 4000;

interface Measurement {
  readonly residentMb: number;
  /** Growth since before the daemon was started. */
  readonly kernelKiB: Readonly<Record<KernelField, number>>;
}

/** The daemon's resident memory, and how much the kernel's grows, with pools of several sizes; each by a fresh daemon. */
export async function benchMemory({ sizes, rounds }: BenchOptions): Promise<Report> {
  const all = [0, ...sizes];
  const measured = new Map<number, Measurement[]>(all.map((size) => [size, []]));
  for (let round = 0; round < rounds; round++) {
    for (const size of all) measured.get(size)?.push(await measure(size, `${round}-${size}`));
  }
  const resident = (size: number) => median((measured.get(size) ?? []).map(({ residentMb }) => residentMb));
  const growth = (size: number, field: KernelField) =>
    median((measured.get(size) ?? []).map(({ kernelKiB }) => kernelKiB[field]));
  const rows = all.map((size) => {
    // What the daemon itself costs the kernel is in the figure of no endpoints.
    const each = (field: KernelField) => (size === 0 ? null : (growth(size, field) - growth(0, field)) / size);
    const fields = KERNEL_FIELDS.map((field) => [field, each(field)] as const);
    const total = size === 0 ? null : fields.reduce((sum, [, kib]) => sum + (kib ?? 0), 0);
    return {
      endpoints: size,
      'daemon RSS MB': resident(size),
      'kernel KiB an endpoint': total,
      ...Object.fromEntries(fields.map(([field, kib]) => [`of it ${field}`, kib])),
    };
  });
  const largest = Math.max(...sizes);
  const claims: Claim[] = [
    claim({
      name: `resident memory of the daemon with ${largest} endpoints`,
      measured: resident(largest),
      unit: 'MB',
      comparison: 'at most',
      target: TARGET_MB,
    }),
  ];
  const notes = [
    'kernel memory is the growth of /proc/meminfo on the whole machine, after dropping caches: other work on it shows',
    "the daemon's memory is read when it has been at rest for four seconds: after two it has collected its garbage",
    'Slab holds most; Percpu grows with the number of possible CPUs',
  ];
  return { suite: 'memory', tables: [{ title: 'Memory of filled pools', rows }], claims, notes };
}

async function measure(size: number, name: string): Promise<Measurement> {
  await settleNamespaces();
  const before = kernelMemoryKiB();
  const pool = { name: 'bench', subnet: '10.217.0.0/16', minReady: size, max: Math.max(size, 1) };
  const daemon = await startDaemon(`memory-${name}`, [pool]);
  await delay(QUIET_MS);
  const after = kernelMemoryKiB();
  const residentMb = ((await residentKiB(daemon.pid)) * 1024) / 1e6;
  await daemon.stop();
  const kernelKiB = Object.fromEntries(KERNEL_FIELDS.map((field) => [field, after[field] - before[field]]));
  return { residentMb, kernelKiB: kernelKiB as Record<KernelField, number> };
}
