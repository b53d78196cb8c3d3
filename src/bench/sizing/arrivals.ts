import { NetnsdError } from '../../errors.js';
import { Random } from './random.js';

/** `count` containers start at the same moment, so many seconds after the beginning. */
export interface Arrival {
  readonly seconds: number;
  readonly count: number;
}

export interface ArrivalPattern {
  readonly name: string;
  readonly meaning: string;
  readonly arrivals: readonly Arrival[];
  readonly seconds: number;
}

const HOUR = 3600;

/** The three kinds of load that are compared, the same for the same seed. */
export function arrivalPatterns(seed: number): ArrivalPattern[] {
  return [steady(new Random(seed)), bursty(new Random(seed + 1)), diurnal(new Random(seed + 2))];
}

/** Requests of many independent users: a Poisson process. */
function steady(random: Random): ArrivalPattern {
  const seconds = HOUR / 2;
  const arrivals: Arrival[] = [];
  for (let at = random.exponential(0.5); at < seconds; at += random.exponential(0.5))
    arrivals.push({ seconds: at, count: 1 });
  return { name: 'steady', meaning: 'one at a time, 2 a second on average (Poisson), half an hour', arrivals, seconds };
}

/** Jobs that a timetable starts together in working phases, with little in between. */
function bursty(random: Random): ArrivalPattern {
  const seconds = 6 * HOUR;
  const arrivals: Arrival[] = [];
  for (let at = random.exponential(20); at < seconds; at += random.exponential(20))
    arrivals.push({ seconds: at, count: 1 });
  for (const [from, to] of [
    [0.25, 1.5],
    [3.5, 5],
  ] as const) {
    for (let at = from * HOUR; at < to * HOUR; at += 120 + random.between(0, 60)) {
      arrivals.push({ seconds: at, count: Math.round(random.between(25, 60)) });
    }
  }
  arrivals.sort((a, b) => a.seconds - b.seconds);
  const meaning = '25 to 60 at once every 2 to 3 minutes in two phases, one in 20 s besides, 6 hours';
  return { name: 'bursty', meaning, arrivals, seconds };
}

/** A day of users, who ask for a few at a time: busiest in the afternoon, a tenth of that at night. */
function diurnal(random: Random): ArrivalPattern {
  const seconds = 24 * HOUR;
  const arrivals: Arrival[] = [];
  const busiest = 0.1;
  for (let at = random.exponential(1 / busiest); at < seconds; at += random.exponential(1 / busiest)) {
    const load = 0.55 - 0.45 * Math.cos((2 * Math.PI * (at - 3 * HOUR)) / seconds);
    // Thinning makes the Poisson process of the rate at this hour.
    if (random.next() < load) arrivals.push({ seconds: at, count: 1 + Math.floor(random.exponential(5 * load)) });
  }
  const meaning = 'a day, a few at a time: groups of up to 6 on average, 6 a minute at 15:00, a tenth of both at 03:00';
  return { name: 'diurnal', meaning, arrivals, seconds };
}

/**
 * A recorded trace: lines of `seconds,count`, in order of time; `#` begins a comment. Throws `bad_request` that names the
 * line.
 */
export function parseTrace(name: string, text: string): ArrivalPattern {
  const arrivals: Arrival[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.replace(/#.*/, '').trim();
    if (content === '' || (arrivals.length === 0 && content === 'seconds,count')) continue;
    const found = /^(\d+(?:\.\d+)?)\s*,\s*([1-9]\d{0,5})$/.exec(content);
    const previous = arrivals.at(-1)?.seconds ?? 0;
    if (found === null || Number(found[1]) < previous) {
      const why =
        found === null ? 'seconds,count is allowed, such as 12.5,40' : `it is before the line above (${previous})`;
      throw new NetnsdError('bad_request', `${name}:${index + 1}: found ${JSON.stringify(content)}: ${why}`);
    }
    arrivals.push({ seconds: Number(found[1]), count: Number(found[2]) });
  }
  const last = arrivals.at(-1);
  if (last === undefined) throw new NetnsdError('bad_request', `${name}: there is no line of seconds,count in it`);
  return { name: 'trace', meaning: name, arrivals, seconds: last.seconds + 60 };
}
