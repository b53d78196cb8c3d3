import { nativeProgram } from '../programs/native-programs.js';
import { runProcess } from '../programs/run-process.js';

export const POOL = 'bench';

/** One way of asking. */
export interface Load {
  readonly connections: number;
  /** Default: POOL. */
  readonly pool?: string;
  /** Acquires in all; default: one a connection. */
  readonly total?: number;
  /** Microseconds between two acquires; 0: as fast as answers come. `new`: each on a connection that it opens. */
  readonly interval: number | 'new';
}

/** Acquires over the socket from a C program, so that the clients are not measured; releases all behind the clock. */
export async function acquireOver(
  socket: string,
  { connections, pool = POOL, total = connections, interval }: Load,
): Promise<{ latenciesMs: number[]; cold: number }> {
  const args = [socket, pool, ...[connections, total, interval].map(String)];
  const text = await runProcess(nativeProgram('acquire-load'), args);
  const { latenciesNs, cold } = JSON.parse(text) as { latenciesNs: number[]; cold: number };
  return { latenciesMs: latenciesNs.map((ns) => ns / 1e6), cold };
}
