import { writeFileSync } from 'node:fs';

/** Writes a settings file of netnsd-runc; its environment's NETNSD_RUNC_CONFIG names it. */
export function writeSettings(file: string, settings: { runtime: string; socket: string; pool: string }): void {
  const lines = Object.entries({ ...settings, deadline_ms: 60_000 }).map(([key, value]) => `${key} = ${value}\n`);
  writeFileSync(file, lines.join(''), { mode: 0o644 });
}
