import t from 'tap';
import type { DoctorReport } from '../../../src/cli/dependencies.js';
import { FakeDaemon, run } from './fake.js';

const REPORT: DoctorReport = {
  counts: { ok: 1, warn: 1, fail: 1, unknown: 1 },
  checks: [
    { group: 'kernel', check: 'veth', status: 'ok', message: 'veth is built in', advice: null },
    { group: 'kernel', check: 'bpf', status: 'warn', message: 'the kernel lacks it', advice: 'boot another' },
    { group: 'networks', check: 'subnets', status: 'fail', message: 'it\noverlaps', advice: 'do this\nand that' },
    { group: 'daemon', check: 'daemon', status: 'unknown', message: 'no socket', advice: null },
  ],
  findings: [],
};

t.test('checks that are not ok are printed by group with their advice, and the counts at the end', async (t) => {
  const { status, stdout, stderr } = await run(['doctor'], { report: REPORT });
  t.equal(status, 1, 'something failed');
  t.equal(stderr, '');
  t.equal(
    stdout,
    `kernel
  warn     bpf: the kernel lacks it
           -> boot another

networks
  fail     subnets: it\ufffdoverlaps
           -> do this
           -> and that

daemon
  unknown  daemon: no socket

4 checks: 1 ok, 1 warning, 1 failed, 1 unknown
`,
  );
});

t.test('--verbose shows checks that are ok as well; without a failure the status is 0', async (t) => {
  const report = { ...REPORT, counts: { ...REPORT.counts, fail: 0 }, checks: REPORT.checks.slice(0, 2) };
  const { status, stdout } = await run(['doctor', '--verbose'], { report });
  t.equal(status, 0);
  t.match(stdout, /^kernel\n {2}ok {4}veth: veth is built in\n {2}warn {2}bpf/);
  const nothing = await run(['doctor']);
  t.strictSame([nothing.status, nothing.stdout], [0, '0 checks: 1 ok, 0 warnings, 0 failed, 0 unknown\n']);
});

t.test('what was repaired is listed', async (t) => {
  const finding = {
    pool: 'default',
    object: 'default-2',
    endpoint: 'default-2',
    lease: null,
    problem: 'its eth0 is down',
    action: 'replaced',
    outcome: 'done',
    advice: null,
  } as const;
  const report = { ...REPORT, findings: [finding, { ...finding, outcome: 'found' } as const] };
  t.match(
    (await run(['doctor', '--fix'], { report })).stdout,
    /\n\nrepaired\n {2}default-2: its eth0 is down; replaced\n\n4 checks/,
  );
});

t.test('--json prints the whole report', async (t) => {
  const { status, stdout } = await run(['doctor', '--json'], { report: REPORT });
  t.equal(status, 1);
  t.strictSame(JSON.parse(stdout), REPORT);
});

t.test('where to look is passed on, and the client is closed', async (t) => {
  const daemon = new FakeDaemon();
  const { started } = await run(['doctor', '--fix', '--state-dir', '/run/x', '--config', 'my.toml'], { daemon });
  t.match(started, [
    ['client', { socketPath: '/run/x/netnsd.sock' }],
    ['doctor', { stateDir: '/run/x', socketPath: '/run/x/netnsd.sock', configPath: 'my.toml', fix: true }],
  ]);
  t.equal(daemon.closed, 1);
  const plain = await run(['doctor']);
  t.match(plain.started[1], ['doctor', { stateDir: '/run/netnsd', configPath: null, fix: false }]);
});

t.test('an unknown option is wrong usage', async (t) => {
  const { status, stderr } = await run(['doctor', '--repair']);
  t.equal(status, 2);
  t.match(stderr, /unknown option '--repair'.*; see `netnsd doctor --help`/);
});
