/** The logger that the pools need; pino's fits. */
export interface PoolLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** The message of a failure, in one line. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*\n\s*/g, ' ');
}
