import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { HARMLESS_WAYS, HEARD_WAYS, WAYS, type Way } from '../../kernel/hostile/ways.js';
import type { Known } from './known.js';
import { connectionsOf } from './readings.js';
import { PRIVILEGED_HOLDERS, SOCKET_HOLDERS, type Step } from './steps.js';
import type { World } from './world.js';

/** Ways that leave nothing, or nothing for long. */
const FLEETING: readonly string[] = ['a sysctl written and written back', 'an xfrm state'];
/** What a holder outside is found as. */
const HELD_AS: Readonly<Record<string, string>> = {
  'open namespace': 'held open',
  'mount elsewhere': 'held open',
  'flow dissector': 'BPF programs of the namespace',
};

/** Does one step, if it is possible, and checks the daemon afterwards. */
export async function play(world: World, step: Step): Promise<void> {
  switch (step.what) {
    case 'acquire':
      await world.acquire({ tenant: step.tenant, trust: step.trust });
      break;
    case 'settle':
      await world.quiet();
      break;
    case 'resize':
      await world.resize({ minReady: step.minReady, max: step.max });
      break;
    case 'kill the daemon':
      await delay(step.afterMs);
      await world.kill();
      break;
    case 'end the kernel thread':
      world.daemon.plan({ thread: 'kernel', point: step.point, nth: step.nth, fault: { act: 'end thread' } });
      break;
    default:
      await playOn(world, step);
  }
  await world.check();
}

/** Whether there is an endpoint that the step can be about. */
export function isPossible(world: World, step: Step): boolean {
  return !('n' in step) || concerned(world, step) !== undefined;
}

/** The endpoint that a step is about. */
function concerned(world: World, step: Extract<Step, { n: number }>): Known | undefined {
  const among = {
    leave: () => world.known.filter(({ occupation }) => occupation.pids.length > 0),
    'let go': () => world.known.filter(({ occupation }) => occupation.isHeld),
  };
  const candidates = step.what === 'leave' || step.what === 'let go' ? among[step.what]() : world.leased;
  return candidates[step.n % Math.max(1, candidates.length)];
}

async function playOn(world: World, step: Extract<Step, { n: number }>): Promise<void> {
  const known = concerned(world, step);
  if (known === undefined) return;
  world.tally.add(step.what);
  switch (step.what) {
    case 'release':
      return world.release(known, step.force);
    case 'dirty':
      for (const way of step.ways) await dirty(known, choose(isTrusted(known) ? HEARD_WAYS : WAYS, way));
      return;
    case 'use':
      await use(world, known, choose(HARMLESS_WAYS, step.way));
      return;
    case 'hold':
      return hold(world, known, step.kind);
    case 'enter':
      known.note('a process inside', 'none', ['process inside']);
      return known.occupation.enter(known);
    case 'leave':
      await known.occupation.leave();
      return known.note('its processes left', known.lease === null ? 'unsure' : 'none', []);
    case 'let go':
      await known.occupation.endHolders();
      return known.note('no holder outside is left', known.lease === null ? 'unsure' : 'none', []);
  }
}

function choose<T>(list: readonly T[], n: number): T {
  return list[n % list.length] as T;
}

/** What its container cannot do, its seal need not hear. */
function isTrusted({ lease }: Known): boolean {
  return lease?.trust === 'unprivileged';
}

async function dirty(known: Known, { title, commands, kinds }: Way): Promise<void> {
  for (const [done, command] of commands.entries()) {
    const { exitCode } = await execa('nsenter', [`--net=${known.path}`, 'sh', '-c', command], { reject: false });
    // Such as what an earlier way took the link away for: it may have done a part of it.
    if (exitCode !== 0) return known.note(`${title}, ${done} of ${commands.length}`, 'unsure', kinds);
  }
  known.note(title, FLEETING.includes(title) ? 'unsure' : 'left', kinds);
}

async function use(world: World, known: Known, { title, commands }: Way): Promise<void> {
  for (const command of commands)
    await execa('nsenter', [`--net=${known.path}`, 'sh', '-c', command], { reject: false });
  known.note(title, 'none', []);
  if ((await connectionsOf(known.address)).length > 0) world.tally.add('tracked by the host');
}

/** There is one place to mount a namespace elsewhere, and a holder of a kind is enough. */
async function hold(world: World, known: Known, wanted: string): Promise<void> {
  const kinds: readonly string[] = isTrusted(known) ? SOCKET_HOLDERS : [...SOCKET_HOLDERS, ...PRIVILEGED_HOLDERS];
  const kind = kinds.includes(wanted) ? wanted : (kinds[0] as string);
  const taken = kind === 'mount elsewhere' ? world.known : [known];
  if (taken.some(({ occupation }) => occupation.hasHeld(kind))) return;
  known.note(`held: ${kind}`, kind === 'flow dissector' ? 'left' : 'none', [HELD_AS[kind] ?? 'sockets']);
  await known.occupation.hold(kind, known.path);
}
