import { NetnsdError } from '../errors.js';
import { errnoOf } from '../kernel/errno.js';
import type { Finding } from '../reconcile/findings.js';
import { CHECKS } from './checks.js';
import type { Machine } from './machine.js';
import { type Check, type Group, type Outcome, type Status, unknown } from './outcome.js';

/** One line of a report; a check that found several things has as many. */
export interface CheckResult extends Outcome {
  readonly group: Group;
  readonly check: string;
}

export interface DoctorReport {
  readonly counts: Readonly<Record<Status, number>>;
  readonly checks: readonly CheckResult[];
  /** What the daemon found, and what became of it: as `POST /v1/reconcile` answers. */
  readonly findings: readonly Finding[];
}

/** Runs all checks on a machine that was read. */
export function reportOn(machine: Machine, checks: readonly Check[] = CHECKS): DoctorReport {
  const results = checks.flatMap((check) =>
    [run(check, machine)].flat().map((outcome): CheckResult => ({ group: check.group, check: check.name, ...outcome })),
  );
  const count = (status: Status): number => results.filter((result) => result.status === status).length;
  const { daemon } = machine;
  return {
    counts: { ok: count('ok'), warn: count('warn'), fail: count('fail'), unknown: count('unknown') },
    checks: results,
    findings: daemon.answers && daemon.reconciliation.ok ? daemon.reconciliation.value.findings : [],
  };
}

/** A check that cannot read something does not stop the others; a bug in it is thrown. */
function run(check: Check, machine: Machine): Outcome | readonly Outcome[] {
  try {
    return check.run(machine);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined && !(error instanceof NetnsdError)) throw error;
    const message = `cannot be checked: ${(error as Error).message}`;
    const isForbidden = errno === 'EACCES' || errno === 'EPERM';
    return isForbidden && machine.euid !== 0 ? unknown(message, 'sudo netnsd doctor') : unknown(message);
  }
}
