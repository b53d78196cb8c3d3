import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import t, { type Test } from 'tap';
import type { Config } from '../../../../src/config/index.js';
import { Reload, type Reloadable } from '../../../../src/daemon/reload/reload.js';
import { readSettings } from '../../../../src/daemon/settings.js';
import { NetnsdError } from '../../../../src/errors.js';

const FILE = '[pools.a]\nsubnet = "10.1.0.0/24"\nmin_ready = 1\nmax = 4\n';

/** A reload of a daemon whose pool was resized by hand. */
function stage(t: Test, netnsDir: string | null = null) {
  const configPath = join(t.testdir(), 'netnsd.toml');
  const write = (text: string): void => writeFileSync(configPath, text);
  write(FILE);
  const options = { stateDir: '/s', socketPath: '/s/s', configPath, netnsDir, logLevel: null };
  const done: unknown[] = [];
  const log = pino({ level: 'info' }, { write: () => undefined });
  const reload = new Reload(options, log);
  const made = { reload, log, write, done, configPath, refusal: null as NetnsdError | null };
  const serving: Reloadable = {
    config: readSettings(options),
    pools: {
      status: () => [{ name: 'a', minReady: 2, max: 4 }] as never,
      resize: (name, size) => void done.push([name, size]) as never,
    },
    check: async () => {
      if (made.refusal !== null) throw made.refusal;
    },
    reopen: (config) => void done.push(config),
  };
  return { ...made, serve: (config: Config = serving.config) => reload.serving({ ...serving, config }), made };
}

t.test('sizes and the log level take effect at once, also over what was set by hand', async (t) => {
  const { reload, serve, write, done, log } = stage(t);
  serve();
  t.match(await reload.run(), { changes: [], reopens: false });
  t.strictSame(done.splice(0), [['a', { minReady: 1, max: 4 }]]);
  write(`log_level = "debug"\n${FILE.replace('max = 4', 'max = 9')}`);
  t.match(await reload.run(), { changes: ['log_level: "info" -> "debug"', 'pools.a.max: 4 -> 9'], reopens: false });
  t.strictSame(done, [['a', { minReady: 1, max: 9 }]]);
  t.equal(log.level, 'debug');
  t.match((await reload.run()).changes, [], 'what was changed is the configuration in effect');
});

t.test('other changes open the pools anew, once', async (t) => {
  const { reload, serve, write, done } = stage(t);
  serve();
  write(`${FILE}mtu = 1400\n`);
  const { readAt } = await reload.run();
  t.match(done, [{ pools: [{ name: 'a', mtuBytes: 1400 }] }]);
  await t.rejects(reload.run(), { code: 'shutting_down' });
  await new Promise((resolve) => setTimeout(resolve, 2));
  serve(done[0] as Config);
  t.not(reload.state.readAt, readAt);
  t.equal(reload.state.error, null);
});

t.test('a configuration that is refused changes nothing, and the reason is kept', async (t) => {
  const { reload, serve, write, done, made, configPath } = stage(t);
  serve();
  write(FILE.replace('max = 4', 'max = "4"'));
  const place = `${configPath}:4: pools.a.max: found "4"`;
  await t.rejects(reload.run(), { code: 'config_invalid', message: place });
  t.match(reload.state.error, place);
  write(`netns_dir = "/run/netns"\n${FILE}`);
  await t.rejects(reload.run(), { message: `${configPath}:1: netns_dir: restart the daemon to change it` });
  write(FILE.replace('10.1', '10.9'));
  made.refusal = new NetnsdError('subnet_overlap', 'subnet 10.9.0.0/24 of pool a overlaps the route');
  await t.rejects(reload.run(), { code: 'subnet_overlap' });
  t.strictSame(done, []);
  write(FILE);
  await reload.run();
  t.equal(reload.state.error, null);
});

t.test('a key that the command line overrides may change', async (t) => {
  const { reload, serve, write } = stage(t, '/run/mine');
  serve();
  write(`netns_dir = "/run/netns"\n${FILE}`);
  t.strictSame((await reload.run()).changes, []);
});

t.test('a signal that comes while nothing is served is followed later', async (t) => {
  const { reload, serve, write, done } = stage(t);
  write(`${FILE}mtu = 1400\n`);
  reload.bySignal();
  t.strictSame(done, []);
  serve();
  while (done.length === 0) await new Promise(setImmediate);
  t.match(done, [{ pools: [{ mtuBytes: 1400 }] }]);
});
