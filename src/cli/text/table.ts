/** Shown in place of a character that would move a terminal's cursor or change its colours. */
const REPLACEMENT = '\ufffd';

/** `text` without control characters: the names of containers and tenants are not trusted. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, REPLACEMENT);
}

/**
 * Aligned columns under a heading; a column of numbers is aligned to the right. Ends with a newline. Hand-written: the command
 * line loads no package but commander, and the native program netnsd prints the same.
 */
export function renderTable(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [heading, ...rows.map((row) => row.map((cell) => printable(String(cell))))];
  const columns = heading.map((_, column) => ({
    width: Math.max(...cells.map((row) => row[column]?.length ?? 0)),
    isNumeric: rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  }));
  const lines = cells.map((row) =>
    columns
      .map(({ width, isNumeric }, column) => {
        const cell = row[column] ?? '';
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** `name   value` lines, aligned; a value of several lines continues under its first. Ends with a newline. */
export function renderFields(
  fields: readonly (readonly [name: string, value: string | number | readonly string[]])[],
): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  const lines = fields.flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return (values.length === 0 ? ['-'] : values).map(
      (one, index) => `${(index === 0 ? name : '').padEnd(width)}  ${printable(String(one))}`,
    );
  });
  return `${lines.join('\n')}\n`;
}

/** A duration in its largest unit: `42 s`, `3 min`, `5 h`, `2 d`. */
export function renderSeconds(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
  ] as const;
  const [size, unit] = units.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.max(0, Math.floor(seconds / size))} ${unit}`;
}

/** A short duration: `850 µs`, `179.8 ms`. The native program netnsd prints the same. */
export function renderMicroseconds(microseconds: number): string {
  const whole = Math.round(microseconds);
  return whole < 1000 ? `${whole} µs` : `${(Math.round(whole / 100) / 10).toFixed(1)} ms`;
}

/** `value` as indented JSON with a newline at its end. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
