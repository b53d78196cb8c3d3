/** `netnsd bench paper` as it runs inside the sandbox: measures, and writes a journal to file descriptor 3. */

import { toNetnsdError } from '../../errors.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { setLink } from '../../kernel/rtnetlink/link.js';
import { RuncBundles } from '../programs/runc-bundles.js';
import { describeMachine } from '../report/machine.js';
import type { Scene } from './contenders/contender.js';
import { CONTENDERS, lacks } from './contenders/index.js';
import { type FunctionImage, type Language, makeFunctions } from './functions.js';
import { openInvoker } from './invoker.js';
import { journalOn } from './journal.js';
import { measureBlock } from './measure.js';
import { type PaperOptions, parsePaperOptions } from './options.js';
import { expectedMs, nameOf, planOf, type Step } from './plan.js';
import { onTerminal, Progress } from './progress.js';
import { measureBeside, measureIdle, usedMb } from './rest.js';
import { readVersions } from './versions.js';

const JOURNAL_FD = 3;
const write = journalOn(JOURNAL_FD);

async function main(options: PaperOptions): Promise<void> {
  const startedMs = performance.now();
  using socket = NetlinkSocket.open();
  await socket.request(setLink({ name: 'lo' }, { up: true }));
  const bundles = await RuncBundles.create();
  const images = makeFunctions(bundles);
  const asked = CONTENDERS.filter(({ name }) => options.contenders.includes(name));
  const parts = asked.map((contender) => ({ contender, lacks: lacks(contender) }));
  const contenders = parts.flatMap((part) => (part.lacks.length === 0 ? [part.contender] : []));
  write({
    kind: 'head',
    date: new Date().toISOString(),
    machine: describeMachine(),
    usedMb: usedMb(),
    versions: await readVersions(),
    parts: parts.map(({ contender: { name, title, engine, mode, isBound = false }, lacks }) => {
      return { name, title, engine, mode, isBound, lacks };
    }),
    atOnce: options.atOnce,
    rounds: options.rounds,
    limits: Object.fromEntries([...images].map(([language, { limit }]) => [language, limit])),
  });
  const steps = planOf({
    ...options,
    contenders,
    languages: options.languages.filter((language) => images.has(language)),
  });
  const show = onTerminal(process.stderr);
  const progress = new Progress({ totalMs: steps.reduce((sum, step) => sum + expectedMs(step), 0), show });
  const isLate = () => options.budgetMs !== undefined && performance.now() - startedMs > options.budgetMs;
  const invoker = await openInvoker();
  const sceneOf = (language: Language): Scene => ({
    bundles,
    image: images.get(language) as FunctionImage,
    width: Math.max(...options.atOnce),
  });
  const run = async (step: Step): Promise<void> => {
    if (step.kind === 'idle') return write(await measureIdle(step.what, options.idle, sceneOf('c')));
    if (step.kind === 'beside') return write(await measureBeside(step.poolSize, bundles));
    const scene = { ...sceneOf(step.language), width: Math.max(...step.atOnce) };
    const goesOn = (what: string): boolean => {
      if (isLate()) {
        write({ kind: 'missing', what, why: 'time was up' });
        return false;
      }
      progress.at(what);
      return true;
    };
    await measureBlock({ block: step, scene, invoker, write, goesOn });
  };
  for (const step of steps) {
    if (isLate()) write({ kind: 'missing', what: nameOf(step), why: 'time was up' });
    else {
      progress.at(nameOf(step));
      await run(step).catch((error: Error) => write({ kind: 'missing', what: nameOf(step), why: error.message }));
      // In a log, one line for each step instead.
      if (show === undefined) process.stderr.write(`measured: ${nameOf(step)}\n`);
    }
    progress.done(expectedMs(step));
  }
  await invoker.close();
  write({ kind: 'end' });
}

// All that was started ends with this process, which is the first of its pid namespace: an interruption needs no more.
const interrupted = (): never => process.exit(130);
process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
process.stdin.on('end', interrupted).resume();

try {
  const options = parsePaperOptions(process.argv.slice(2));
  if (options !== undefined) await main(options);
  process.exit(0);
} catch (caught) {
  process.stderr.write(`netnsd bench paper: ${toNetnsdError(caught).message}\n`);
  process.exit(1);
}
