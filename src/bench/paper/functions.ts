import { chmodSync, copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeProgram } from '../programs/native-programs.js';
import { findProgram } from '../programs/prerequisites.js';
import type { Contents, RuncBundles } from '../programs/runc-bundles.js';

export const LANGUAGES = ['c', 'sh', 'python', 'node'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The function of the paper, primes by sieve, in one language. */
export interface FunctionImage {
  readonly language: Language;
  /** The primes below it are counted. */
  readonly limit: number;
  /** What a container runs: prints `BEGAN ENDED COUNT`, of CLOCK_MONOTONIC in nanoseconds. */
  readonly contents: Contents;
}

/** Where the functions are in the root file system; `/code` takes those that are brought in later. */
export const FOLDER = '/function';
/** The interpreters are the machine's own, of its /usr. */
const USR = { destination: '/usr', type: 'bind', source: '/usr', options: ['rbind', 'ro'] } as const;

const PYTHON = `import sys, time
began = time.monotonic_ns()
limit = int(sys.argv[1])
composite = bytearray(limit)
count = 0
for number in range(2, limit):
    if composite[number]: continue
    count += 1
    composite[number * number::number] = b'\\1' * len(range(number * number, limit, number))
print(began, time.monotonic_ns(), count)
`;
const NODE = `const began = process.hrtime.bigint();
const limit = Number(process.argv[2]);
const composite = new Uint8Array(limit);
let count = 0;
for (let number = 2; number < limit; number++) {
  if (composite[number]) continue;
  count++;
  for (let multiple = number * number; multiple < limit; multiple += number) composite[multiple] = 1;
}
console.log(String(began), String(process.hrtime.bigint()), count);
`;
/** A shell has no clock but that of /proc, in hundredths of a second. */
const SHELL = `read up rest </proc/uptime
began=\${up%.*}\${up#*.}0000000
number=2 count=0
while [ $number -lt $1 ]; do
  if eval "[ -z \\"\\$c$number\\" ]"; then
    count=$((count + 1)) multiple=$((number * number))
    while [ $multiple -lt $1 ]; do eval c$multiple=1; multiple=$((multiple + number)); done
  fi
  number=$((number + 1))
done
read up rest </proc/uptime
echo $began \${up%.*}\${up#*.}0000000 $count
`;

/** Puts the functions into the root file system of `bundles`; returns those whose interpreter this machine has. */
export function makeFunctions(bundles: RuncBundles): Map<Language, FunctionImage> {
  const root = bundles.rootfs;
  for (const folder of [FOLDER, '/usr', '/code']) mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  copyFileSync(nativeProgram('primes'), join(root, FOLDER, 'primes'));
  chmodSync(join(root, FOLDER, 'primes'), 0o755);
  for (const [file, text] of Object.entries({ 'primes.py': PYTHON, 'primes.js': NODE, 'primes.sh': SHELL }))
    writeFileSync(join(root, FOLDER, file), text);
  const images: (FunctionImage | undefined)[] = [
    image('c', 1_000_000, [`${FOLDER}/primes`]),
    image('sh', 2000, ['/bin/busybox', 'sh', `${FOLDER}/primes.sh`]),
    interpreted('python', 1_000_000, '/usr/bin/python3', `${FOLDER}/primes.py`),
    interpreted('node', 1_000_000, findProgram('node'), `${FOLDER}/primes.js`),
  ];
  return new Map(images.flatMap((one) => (one === undefined ? [] : [[one.language, one]])));
}

function image(language: Language, limit: number, command: readonly string[]): FunctionImage {
  return { language, limit, contents: { args: [...command, String(limit)] } };
}

/** Of an interpreter below /usr, which is what containers are shown of this machine. */
function interpreted(
  language: Language,
  limit: number,
  program: string | undefined,
  file: string,
): FunctionImage | undefined {
  const path = program === undefined ? undefined : realpathOf(program);
  if (path === undefined || !path.startsWith('/usr/')) return undefined;
  return { language, limit, contents: { args: [path, file, String(limit)], mounts: [USR] } };
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
