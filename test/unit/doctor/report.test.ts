import t from 'tap';
import { CHECKS } from '../../../src/doctor/checks.js';
import { type Check, fail, GROUPS, ok, warn } from '../../../src/doctor/outcome.js';
import { reportOn } from '../../../src/doctor/report.js';
import { NetnsdError } from '../../../src/errors.js';
import { kernelError } from '../../../src/kernel/errno.js';
import { answering } from './daemon-status.js';
import { machineOf } from './machine.js';

function check(name: string, look: Check['run']): Check {
  return { group: 'kernel', name, what: '', why: '', repair: '', run: look };
}

t.test('a report has a line for each outcome, and counts them', async (t) => {
  const report = reportOn(machineOf(t), [
    check('one', () => ok('fine')),
    check('two', () => [warn('so so', 'do this', 'and that'), fail('broken', 'repair it')]),
    check('none', () => []),
  ]);
  t.same(report, {
    counts: { ok: 1, warn: 1, fail: 1, unknown: 0 },
    checks: [
      { group: 'kernel', check: 'one', status: 'ok', message: 'fine', advice: null },
      { group: 'kernel', check: 'two', status: 'warn', message: 'so so', advice: 'do this\nand that' },
      { group: 'kernel', check: 'two', status: 'fail', message: 'broken', advice: 'repair it' },
    ],
    findings: [],
  });
});

t.test('a check that cannot read something does not stop the others; sudo is named if it helps', async (t) => {
  const throwing = (error: unknown) =>
    check('one', () => {
      throw error;
    });
  const forbidden = kernelError({ operation: 'list nftables rules', errno: 1 });
  const results = (error: unknown, euid: number) => reportOn(machineOf(t, {}, { euid }), [throwing(error)]).checks;
  t.match(results(forbidden, 1000), [
    { status: 'unknown', message: /cannot list nftables rules: EPERM/, advice: 'sudo netnsd doctor' },
  ]);
  t.match(results(forbidden, 0), [{ status: 'unknown', advice: null }]);
  const other = new NetnsdError('missing_tool', 'iptables-legacy failed: odd');
  t.match(results(other, 1000), [
    { status: 'unknown', message: 'cannot be checked: iptables-legacy failed: odd', advice: null },
  ]);
  t.throws(() => results(new TypeError('a fault'), 0), TypeError);
});

t.test("the daemon's findings are passed on unchanged", async (t) => {
  const daemon = answering({}, [{ object: 'x' } as never]);
  t.same(reportOn(machineOf(t, {}, { daemon }), []).findings, [{ object: 'x' }]);
  const refused = { ...daemon, reconciliation: { ok: false, error: new Error('no') } } as typeof daemon;
  t.same(reportOn(machineOf(t, {}, { daemon: refused }), []).findings, []);
});

t.test(
  'every check has a name of its own, in the order of the groups, and survives a machine with nothing on it',
  async (t) => {
    const names = CHECKS.map(({ name }) => name);
    t.equal(new Set(names).size, names.length);
    const order = CHECKS.map(({ group }) => GROUPS.indexOf(group));
    t.same(
      order,
      order.toSorted((a, b) => a - b),
    );
    const { checks } = reportOn(machineOf(t));
    for (const { check: name, status, message, advice } of checks) {
      t.notMatch(message, /\n/, name);
      if (status === 'fail' || status === 'warn') t.type(advice, 'string', `${name} says what to do`);
    }
  },
);
