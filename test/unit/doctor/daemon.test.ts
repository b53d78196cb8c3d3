import t from 'tap';
import { askDaemon, type DaemonClient } from '../../../src/doctor/daemon-view.js';
import { NetnsdError } from '../../../src/errors.js';
import type { Finding } from '../../../src/reconcile/findings.js';
import { POOL } from '../cli/fake.js';
import { answering, STATUS } from './daemon-status.js';
import { machineOf, runCheck, runOnce } from './machine.js';

const FINDING: Finding = {
  pool: 'default',
  object: 'default-17',
  endpoint: 'default-17',
  lease: null,
  problem: 'its link in the hub is gone',
  action: 'replaced',
  outcome: 'found',
  advice: null,
};

t.test('a daemon that does not answer is asked nothing else', async (t) => {
  t.match(runOnce('daemon', machineOf(t)), { status: 'unknown', message: 'there is no socket /s', advice: null });
  const forbidden = { answers: false, forbidden: true, why: 'no permission' } as const;
  t.match(runOnce('daemon', machineOf(t, {}, { daemon: forbidden })), {
    status: 'unknown',
    advice: 'sudo netnsd doctor',
  });
  for (const name of ['version', 'configuration-file', 'paths', 'warnings', 'pools', 'reconcile'])
    t.same(runCheck(name, machineOf(t)), [], name);
  t.match(runOnce('daemon', machineOf(t, {}, { daemon: answering() })), {
    status: 'ok',
    message: /0\.1\.0 answers, pid 4711/,
  });
});

t.test("the daemon's version is this one's", async (t) => {
  t.match(runOnce('version', machineOf(t, {}, { daemon: answering() })), { status: 'ok' });
  const older = answering({ version: '0.0.9' });
  t.match(runOnce('version', machineOf(t, {}, { daemon: older })), { status: 'warn', advice: /restart netnsd/ });
});

t.test('a daemon that reads another configuration than was checked is told', async (t) => {
  const started = (words: string) => {
    const files = { '/proc/4711/cmdline': words.replaceAll(' ', '\0') };
    return runOnce('configuration-file', machineOf(t, files, { daemon: answering() }));
  };
  t.match(started('node main.js serve'), { status: 'ok', message: /\/etc\/netnsd\/netnsd\.toml/ });
  t.match(started('node main.js serve --config /etc/netnsd/netnsd.toml'), { status: 'ok' });
  for (const option of ['--config /srv/c.toml', '--config=/srv/c.toml'])
    t.match(started(`node main.js serve ${option}`), { status: 'warn', advice: 'netnsd doctor --config /srv/c.toml' });
});

t.test('what the daemon does without is a warning each', async (t) => {
  t.match(runOnce('warnings', machineOf(t, {}, { daemon: answering() })), { status: 'ok' });
  const warned = machineOf(t, {}, { daemon: answering({ warnings: ['no seals', 'no CAP_KILL'] }) });
  t.match(runCheck('warnings', warned), [{ status: 'warn', message: 'no seals' }, { status: 'warn' }]);
});

t.test('the paths of leases lead to the vault, or it is told that this is another PID namespace', async (t) => {
  const seen = (files: Record<string, string>) => runOnce('paths', machineOf(t, files, { daemon: answering() }));
  const link = { '/run/netnsd/netns': '-> /proc/99/root/netns' };
  t.match(seen({ ...link, '/proc/99/comm': 'netnsd-vault\n' }), { status: 'ok' });
  t.match(seen({ ...link, '/proc/99/comm': 'bash\n' }), { status: 'fail', message: /another PID namespace/ });
  t.match(seen(link), { status: 'fail' });
  t.match(seen({ '/proc/99/comm': 'bash\n' }), { status: 'warn' });
});

t.test('pools in trouble and broken endpoints fail', async (t) => {
  t.match(runOnce('pools', machineOf(t, {}, { daemon: answering() })), { status: 'ok' });
  const pools = [{ ...POOL, trouble: 'EMFILE', broken: 2 }];
  t.match(runCheck('pools', machineOf(t, {}, { daemon: answering({ pools }) })), [
    { status: 'fail', message: 'pool default is in trouble: EMFILE' },
    { status: 'fail', message: 'pool default failed to destroy 2 endpoints; retrying' },
  ]);
});

t.test('findings fail until they are repaired, with what to do', async (t) => {
  const found = (...findings: Finding[]) =>
    runCheck('reconcile', machineOf(t, {}, { daemon: answering({}, findings) }));
  t.match(found(), [{ status: 'ok', message: '18 endpoints checked, no difference' }]);
  t.match(found(FINDING), [
    { status: 'fail', message: 'default-17: its link in the hub is gone', advice: /doctor --fix/ },
  ]);
  t.match(found({ ...FINDING, outcome: 'done' }), [{ status: 'ok', message: /, 1 repaired/ }]);
  t.match(found({ ...FINDING, outcome: 'failed', advice: 'EBUSY' }), [{ advice: 'the repair failed: EBUSY' }]);
  t.match(found({ ...FINDING, outcome: 'failed' }), [{ advice: /the log says why/ }]);
  const told = { ...FINDING, lease: 'l-1', action: 'none' } as const;
  t.match(found({ ...told, advice: 'start it anew' }), [{ message: /\(lease l-1\)$/, advice: 'start it anew' }]);
  t.match(found(told), [{ advice: /cannot repair/ }]);
});

const fakeClient = (more: Partial<DaemonClient> = {}): DaemonClient => ({
  status: async () => STATUS,
  reconcile: async () => ({ findings: [FINDING], endpoints: 1, tookMs: 1 }),
  ...more,
});
const refusing = (errno: string) => async (): Promise<never> => {
  throw new NetnsdError('daemon_unreachable', `no: ${errno}`, { details: { errno } });
};

t.test('a daemon is asked for its status and its findings; a refusal is kept', async (t) => {
  t.match(await askDaemon(fakeClient(), { fix: true }), {
    answers: true,
    status: STATUS,
    reconciliation: { ok: true },
  });
  t.match(await askDaemon(fakeClient({ status: refusing('ENOENT') }), { fix: false }), {
    answers: false,
    forbidden: false,
  });
  t.match(await askDaemon(fakeClient({ status: refusing('EACCES') }), { fix: false }), {
    forbidden: true,
    why: 'no: EACCES',
  });
  const view = await askDaemon(fakeClient({ reconcile: refusing('EPIPE') }), { fix: false });
  t.match(view, { answers: true, reconciliation: { ok: false } });
  t.throws(() => runCheck('reconcile', machineOf(t, {}, { daemon: view })), /EPIPE/);
  const broken = async (): Promise<never> => {
    throw new TypeError('a fault');
  };
  await t.rejects(askDaemon(fakeClient({ status: broken }), { fix: false }), TypeError);
  await t.rejects(askDaemon(fakeClient({ reconcile: broken }), { fix: false }), TypeError);
});
