import { readdirSync, readFileSync } from 'node:fs';

/** The processes that are shims of the containerd on this socket, with their command lines. */
export function shimsOf(socket: string): { readonly pid: number; readonly command: readonly string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }))
    .filter(({ command }) => command[0]?.endsWith('containerd-shim-runc-v2') && command.includes(socket));
}

/** Ends them; they outlive containerd by design. */
export function killShims(socket: string): void {
  for (const { pid } of shimsOf(socket)) process.kill(pid, 'SIGKILL');
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // ended meanwhile
  }
}
