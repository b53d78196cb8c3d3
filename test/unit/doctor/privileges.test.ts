import t from 'tap';
import { STATUS } from './daemon-status.js';
import { look, lookOnce, machineOf } from './machine.js';

/** CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_NET_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE and CAP_SYS_ADMIN. */
const ALL = '00000000002c1003';
const status = (effective: string, bounding = effective, seccomp = 0) =>
  `Name:\tnode\nCapEff:\t${effective}\nCapBnd:\t${bounding}\nSeccomp:\t${seccomp}\n`;

t.test('missing capabilities are named with what is lost; without three of them nothing works', async (t) => {
  const own = (text: string, more = {}) => machineOf(t, { '/proc/self/status': text }, more);
  t.match(lookOnce('capabilities', own(status(ALL))), { status: 'ok' });
  const lacking = look('capabilities', own(status('0000000000000003')));
  t.match(lacking, [
    { status: 'fail', message: /root lacks CAP_NET_ADMIN \(to make links/, advice: /--cap-add NET_ADMIN/ },
    { status: 'fail', message: /CAP_SYS_CHROOT/ },
    { status: 'warn', message: /CAP_SYS_PTRACE/ },
    { status: 'fail', message: /CAP_SYS_ADMIN/, advice: /CapabilityBoundingSet=/ },
  ]);
});

t.test('whoever is not root is told what root would have here', async (t) => {
  const own = (text: string) => machineOf(t, { '/proc/self/status': text }, { euid: 1000 });
  t.match(lookOnce('capabilities', own(status('0000000000000000', ALL))), { status: 'ok' });
  const [first] = look('capabilities', own(status('0000000000000000', '0000000000000000')));
  t.match(first, { message: /^even root lacks/ });
});

t.test('where a daemon runs, its capabilities count', async (t) => {
  const daemon = { answers: true, status: STATUS, reconciliation: { ok: false, error: new Error('no') } } as const;
  const files = { '/proc/self/status': status('0000000000000000'), '/proc/4711/status': status(ALL) };
  t.match(lookOnce('capabilities', machineOf(t, files, { daemon })), { status: 'ok', message: /^the daemon/ });
});

t.test('namespaces other than the first are told', async (t) => {
  const first = { '/proc/self/ns/user': '-> user:[4026531837]', '/proc/self/ns/pid': '-> pid:[4026531836]' };
  const other = { '/proc/self/ns/user': '-> user:[4026532000]', '/proc/self/ns/pid': '-> pid:[4026532001]' };
  for (const [name, advice] of [
    ['user-namespace', /userns=host/],
    ['pid-namespace', /--pid=host/],
  ] as const) {
    t.match(lookOnce(name, machineOf(t, first)), { status: 'ok' });
    t.match(lookOnce(name, machineOf(t, other)), { status: 'warn', advice });
  }
});

t.test('a filter of system calls counts unless netnsd could build under it', async (t) => {
  const refused = { outcome: 'refused', operation: 'make a network namespace', errno: 'EPERM' } as const;
  const filtered = { '/proc/self/status': status(ALL, ALL, 2) };
  t.match(lookOnce('seccomp', machineOf(t, { '/proc/self/status': status(ALL) }, { trial: refused })), {
    status: 'ok',
  });
  t.match(lookOnce('seccomp', machineOf(t, filtered)), { status: 'ok', message: /lets netnsd build/ });
  t.match(lookOnce('seccomp', machineOf(t, filtered, { trial: refused })), {
    status: 'warn',
    advice: /seccomp=unconfined/,
  });
});
