/** One key of the configuration file. Validation, defaults, messages and the table of the documentation are made from these. */
export interface Key<T> {
  readonly name: string;
  /** Its name in an earlier version, which is refused with a message that has the new one. */
  readonly formerName?: string;
  /** The TOML type. */
  readonly type: 'string' | 'integer' | 'boolean' | 'array of strings' | 'integer or string';
  readonly initial: T;
  /** The default in words, if it is more than `initial`. */
  readonly initialMeaning?: string;
  /** The allowed values, in words. */
  readonly allowed: string;
  readonly meaning: string;
  readonly accepts: (value: unknown) => boolean;
  /** What is kept of a value, as it is written in the file, if that is not the same. */
  readonly written?: (kept: never) => string | readonly string[];
  /** Why this value is not accepted, if more can be said than `allowed`. */
  readonly advice?: (value: unknown) => string | undefined;
}

export function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

export function integer(from: number, to: number) {
  return {
    type: 'integer' as const,
    allowed: `an integer from ${from} to ${to}`,
    accepts: (value: unknown) => Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to,
  };
}

export const boolean = {
  type: 'boolean' as const,
  allowed: 'true, false',
  accepts: (value: unknown) => typeof value === 'boolean',
};

export function choice(values: readonly string[]) {
  return {
    type: 'string' as const,
    allowed: values.map((value) => `"${value}"`).join(', '),
    accepts: (value: unknown) => typeof value === 'string' && values.includes(value),
  };
}

export function listOf(accepts: (item: unknown) => boolean) {
  return {
    type: 'array of strings' as const,
    initial: [] as readonly string[],
    accepts: (value: unknown) => Array.isArray(value) && value.every(accepts),
  };
}
