import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NetnsdError } from '../../errors.js';
import type { Results } from '../paper/journal.js';
import { describeMachine } from '../report/machine.js';
import { reportText } from '../report/report.js';
import { compareResults, differences } from './compare.js';

export const HELP = `Usage: netnsd bench compare OLD.json NEW.json [options]

Compares two results.json of netnsd bench paper: the time until the last answer, contender by contender. "slower" means that every
run of the new one took longer than every run of the old one, by more than 5 % and by more than the machine itself became slower.

Options:
  --check   exit with status 1 if something became slower
  --json    print JSON
  --help    print this
`;

/** `netnsd bench compare OLD NEW`; returns the exit status. Throws `bad_usage`. */
export function runCompare(argv: readonly string[]): number {
  const { values, positionals } = parse(argv);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [old, fresh, ...more] = positionals;
  if (old === undefined || fresh === undefined || more.length > 0) throw usage('name two files: OLD.json and NEW.json');
  const [before, now] = [read(old), read(fresh)];
  const compared = compareResults(before, now);
  const slower = compared.filter(({ verdict }) => verdict === 'slower');
  const notes = [
    ...differences(before, now).map((one) => `not the same: ${one}`),
    compared.length === 0 ? 'nothing was measured in both' : `${slower.length} of ${compared.length} became slower`,
  ];
  const rows = compared.map(({ contender, atOnce, beforeMs, nowMs, ratio, overBound, verdict }) => ({
    contender,
    'at once': atOnce,
    'before ms': beforeMs,
    'now ms': nowMs,
    'now / before': ratio,
    'over host networking': overBound,
    verdict,
  }));
  const text = values.json
    ? JSON.stringify({ compared, notes }, null, 2)
    : reportText(
        { suite: 'compare', tables: [{ title: 'Time until the last answer, medians', rows }], claims: [], notes },
        describeMachine(),
      );
  process.stdout.write(`${text}\n`);
  return values.check && slower.length > 0 ? 1 : 0;
}

function usage(message: string): NetnsdError {
  return new NetnsdError('bad_usage', `${message}; see netnsd bench compare --help`);
}

function read(file: string): Results {
  let results: Partial<Results> | undefined;
  try {
    results = JSON.parse(readFileSync(file, 'utf8')) as Partial<Results>;
  } catch (error) {
    throw usage(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (results?.head?.kind !== 'head' || !Array.isArray(results.runs))
    throw usage(`${file} is no results.json of netnsd bench paper`);
  return results as Results;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { check: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    const [first = 'bad arguments'] = error instanceof Error ? error.message.split('. ') : [];
    throw usage(first);
  }
}
