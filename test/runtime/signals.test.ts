import { existsSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { SELDOM, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

/** Would end a process, or open Node.js's debugger. */
const IGNORED = ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGXCPU'];

t.test('signals leave a daemon and its leases alone, and open no port', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'one');
  for (const signal of IGNORED) {
    process.kill(daemon.pid, signal);
    await eventually(`${signal} is logged`, () => daemon.log().includes(`${signal} ignored`));
  }
  t.equal((await execa('ss', ['-Hltn'])).stdout, '', 'no debugger listens');
  t.same(await daemon.leases(), [lease]);
});

t.test('SIGHUP reads log_level again, and keeps it where the configuration is no configuration', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const hup = async (config: string, line: RegExp): Promise<void> => {
    writeFileSync(daemon.configFile, config);
    process.kill(daemon.pid, 'SIGHUP');
    await eventually(`${line} is logged`, () => line.test(daemon.log()));
  };
  await hup(
    `log_level = "debug"\n${SELDOM}`,
    /"changes":\["log_level: \\"info\\" -> \\"debug\\""\],"reopens":false,"msg":"the configuration was read again"/,
  );
  const lease = await daemon.acquire('--id', 'one');
  await daemon.cli('renew', lease.id, '--ttl', '600');
  await eventually('debug lines are logged', () => /^\{"level":20,/m.test(daemon.log()));
  await hup('log_level = 3', /netnsd\.toml:1: log_level: found 3.*refused; nothing was changed/);
  t.equal((await daemon.leases()).length, 1);
  writeFileSync(daemon.configFile, SELDOM);
});

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGQUIT', 0],
] as const) {
  t.test(`${signal} ends the daemon as SIGTERM does, with status ${status}`, async (t) => {
    await using daemon = await startDaemon(t, SELDOM);
    const lease = await daemon.acquire('--id', 'one');
    t.equal(await daemon.stop(signal), status);
    t.match(daemon.log(), `"signal":"${signal}","msg":"stopping`);
    t.ok(existsSync(lease.netns.path));
  });
}
