import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** JSON lines on stderr, or readable ones where stderr is a terminal. */
export function makeLogger(level: string): Logger {
  const base = { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(base, pino.destination({ dest: 2, sync: true }));
  return pino(
    base,
    pretty({ destination: 2, sync: true, colorize: true, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' }),
  );
}
