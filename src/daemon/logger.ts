import { type Logger, pino } from 'pino';

/** JSON lines on stderr, or readable ones where stderr is a terminal. */
export async function makeLogger(level: string): Promise<Logger> {
  const base = { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(base, pino.destination({ dest: 2, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  return pino(
    base,
    pretty({ destination: 2, sync: true, colorize: true, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' }),
  );
}
