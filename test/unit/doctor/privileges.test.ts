import t from 'tap';
import { STATUS } from './daemon-status.js';
import { machineOf, runCheck, runOnce } from './machine.js';

/** CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_NET_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE and CAP_SYS_ADMIN. */
const ALL = '00000000002c1003';
const status = (effective: string, bounding = effective, seccomp = 0) =>
  `Name:\tnode\nCapEff:\t${effective}\nCapBnd:\t${bounding}\nSeccomp:\t${seccomp}\n`;

t.test('missing capabilities are named with their effect; three of them are required', async (t) => {
  const own = (text: string, more = {}) => machineOf(t, { '/proc/self/status': text }, more);
  t.match(runOnce('capabilities', own(status(ALL))), { status: 'ok' });
  const lacking = runCheck('capabilities', own(status('0000000000000003')));
  t.match(lacking, [
    { status: 'fail', message: /root lacks CAP_NET_ADMIN \(to make links/, advice: /--cap-add NET_ADMIN/ },
    { status: 'fail', message: /CAP_SYS_CHROOT/ },
    { status: 'warn', message: /CAP_SYS_PTRACE/ },
    { status: 'fail', message: /CAP_SYS_ADMIN/, advice: /CapabilityBoundingSet=/ },
  ]);
});

t.test('a caller who is not root sees what root would have here', async (t) => {
  const own = (text: string) => machineOf(t, { '/proc/self/status': text }, { euid: 1000 });
  t.match(runOnce('capabilities', own(status('0000000000000000', ALL))), { status: 'ok' });
  const [first] = runCheck('capabilities', own(status('0000000000000000', '0000000000000000')));
  t.match(first, { message: /^even root lacks/ });
});

t.test('the capabilities of a running daemon are checked', async (t) => {
  const daemon = { answers: true, status: STATUS, reconciliation: { ok: false, error: new Error('no') } } as const;
  const files = { '/proc/self/status': status('0000000000000000'), '/proc/4711/status': status(ALL) };
  t.match(runOnce('capabilities', machineOf(t, files, { daemon })), { status: 'ok', message: /^the daemon/ });
});

t.test('namespaces other than the first are reported', async (t) => {
  const first = { '/proc/self/ns/user': '-> user:[4026531837]', '/proc/self/ns/pid': '-> pid:[4026531836]' };
  const other = { '/proc/self/ns/user': '-> user:[4026532000]', '/proc/self/ns/pid': '-> pid:[4026532001]' };
  for (const [name, advice] of [
    ['user-namespace', /userns=host/],
    ['pid-namespace', /--pid=host/],
  ] as const) {
    t.match(runOnce(name, machineOf(t, first)), { status: 'ok' });
    t.match(runOnce(name, machineOf(t, other)), { status: 'warn', advice });
  }
});

t.test('a system call filter is reported unless the trial succeeded', async (t) => {
  const refused = { outcome: 'refused', operation: 'make a network namespace', errno: 'EPERM' } as const;
  const filtered = { '/proc/self/status': status(ALL, ALL, 2) };
  t.match(runOnce('seccomp', machineOf(t, { '/proc/self/status': status(ALL) }, { trial: refused })), {
    status: 'ok',
  });
  t.match(runOnce('seccomp', machineOf(t, filtered)), { status: 'ok', message: /lets netnsd build/ });
  t.match(runOnce('seccomp', machineOf(t, filtered, { trial: refused })), {
    status: 'warn',
    advice: /seccomp=unconfined/,
  });
});
