import { readFileSync } from 'node:fs';

let read: string | undefined;

/** The id of this boot, a UUID: other kernel objects of the same name are from another life of the machine (random(4)). */
export function bootId(): string {
  read ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return read;
}
