import { type DestinationStream, type Logger, pino } from 'pino';
import { nonBlockingWrite } from '../../kernel/process/log-output.js';
import { LogWriter } from './log-writer.js';

/** How long an end of the daemon waits for a reader of its last lines, in milliseconds. */
const DRAIN_MS = 500;
const STDERR = 2;

export interface OpenLog extends AsyncDisposable {
  readonly log: Logger;
}

/** The log: JSON lines on stderr, or readable ones if stderr is a terminal. Never blocks and never fails the caller. */
export async function openLog(level: string): Promise<OpenLog> {
  const writer = new LogWriter({
    write: nonBlockingWrite(STDERR),
    onRecovered: (dropped) => log.warn({ dropped }, 'log lines were dropped: the log could not be written'),
  });
  const destination = process.stderr.isTTY ? await prettyDestination(writer) : writer;
  const log: Logger = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return { log, [Symbol.asyncDispose]: () => writer.drain({ deadlineMs: DRAIN_MS }) };
}

async function prettyDestination(writer: LogWriter): Promise<DestinationStream> {
  // CommonJS, of which the bundle has no names.
  const { default: pretty } = await import('pino-pretty');
  const toText = pretty.prettyFactory({ colorize: true, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' });
  return { write: (line) => writer.write(toText(line)) };
}
