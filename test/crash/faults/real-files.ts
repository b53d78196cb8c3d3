import fs from 'node:fs';

type Calls = Readonly<Record<string, (...args: unknown[]) => unknown>>;
type Used = Pick<typeof fs, 'openSync' | 'writeSync' | 'statSync' | 'readFileSync' | 'writeFileSync'>;

/** The file calls as Node.js has them, before any was replaced. */
export const REAL: Used & Calls = { ...fs } as unknown as Used & Calls;
