/** What "Agile Cold Starts for Scalable Serverless" (Mohan et al., HotCloud 2019) reports, on kernel 4.4 and Docker with OpenWhisk. */

/** Table 1: namespaces made and removed by concurrent `ip` commands, in seconds, by how many at once. */
export const TABLE_1: Readonly<Record<number, { createS: number; removeS: number }>> = {
  1: { createS: 0.28, removeS: 0.2 },
  10: { createS: 1.27, removeS: 0.71 },
  50: { createS: 6.28, removeS: 3.24 },
  100: { createS: 14.41, removeS: 7.77 },
};

/** Table 2: 50 functions, in seconds, and the memory that waits for them, in MB. */
export const TABLE_2 = {
  cold: { totalS: 20.01, memoryMb: 0 },
  pooled: { totalS: 4.84, memoryMb: 2 },
  'pre-warm': { totalS: 1.05, memoryMb: 1500 },
  warm: { totalS: 0.78, memoryMb: 1600 },
} as const;

/** Figure 6: by how much a pool shortens the execution, in per cent, by how many at once. */
export const FIGURE_6: Readonly<Record<number, number>> = { 50: 75, 100: 80 };

/** Share of creating and connecting the network in a cold start, in per cent (figure 1a). */
export const NETWORK_SHARE_PERCENT = 90;
