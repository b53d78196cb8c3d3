import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const UNIT = fileURLToPath(new URL('../../../native-scripts/netnsd.service', import.meta.url));

/** The unit as it is installed below `prefix`. */
export function installedUnit(prefix: string): string {
  return readFileSync(UNIT, 'utf8').replaceAll('@PREFIX@', prefix);
}

/** The words of a directive of the unit, over all lines that bear it. */
export function directive(name: string): string[] {
  const unit = readFileSync(UNIT, 'utf8');
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].flatMap(([, words = '']) => words.split(' '));
}

/** The system calls that the unit's filter lets through, with systemd's sets written out. */
export async function allowedCalls(): Promise<Set<string>> {
  const { stdout } = await execa('systemd-analyze', ['syscall-filter', '--no-pager']);
  const sets = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of stdout.split('\n')) {
    if (line.startsWith('@')) {
      current = [];
      sets.set(line.trim(), current);
    } else if (/^\s+[@\w]/.test(line)) current.push(line.trim());
  }
  const expand = (word: string): string[] => (word.startsWith('@') ? (sets.get(word) ?? []).flatMap(expand) : [word]);
  const allowed = new Set<string>(expand('@default'));
  for (const [, refused, words = ''] of readFileSync(UNIT, 'utf8').matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const call of words.split(' ').flatMap(expand)) refused === '~' ? allowed.delete(call) : allowed.add(call);
  }
  return allowed;
}
