import { readFileSync, statSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { MAIN, startDaemon } from './daemon.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 4\n';

interface Report {
  versions: Record<string, string>;
  configuration: { pools: { name: string; max: number }[] };
  status: { pools?: { name: string }[]; error?: string };
  doctor: { check: string }[];
  records: Record<string, number>;
  links: { own: { name: string; addresses: string[] }[] };
  hubs: Record<string, { links: number; first: { name: string }[] }>;
  events: { type: string; time: string }[] | { error: string };
}

t.test('a report has what a bug report needs in one file, and no name of a container or tenant', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const report = async (file: string) => {
    const where = ['--socket', daemon.socket, '--state-dir', daemon.stateDir, '--config', daemon.configFile];
    const { stdout } = await execa(process.execPath, [MAIN, 'report', ...where, file]);
    t.equal(stdout, file);
    t.equal(statSync(file).mode & 0o777, 0o600);
    return readFileSync(file, 'utf8');
  };
  await daemon.acquire('--id', 'secret-container', '--tenant', 'secret-tenant');
  const file = `${daemon.folder}/report.json`;
  const text = await report(file);
  t.notMatch(text, 'secret');
  const found = JSON.parse(text) as Report;
  t.match(found, {
    versions: { netnsd: /^\d/, kernel: /^\d/, node: /^v/ },
    configuration: { pools: [{ name: 'default', max: 4 }] },
    status: { pools: [{ name: 'default' }] },
    records: { leased: 1 },
    links: { own: [{ name: /^nb/, addresses: ['10.213.0.1/24'] }] },
    hubs: { 'default.0': { first: [{ name: 'lo' }, { name: 'bridge' }] } },
  });
  t.ok(found.doctor.some(({ check }) => check === 'trial'));
  const { events } = found;
  t.ok(Array.isArray(events) && events.length > 2, 'events');
  const again = execa(process.execPath, [MAIN, 'report', '--state-dir', daemon.stateDir, file]);
  await t.rejects(again, /cannot write .*EEXIST/, 'a file that is there is not overwritten');
  await daemon.stop('SIGKILL');
  const dead = JSON.parse(await report(`${daemon.folder}/dead.json`)) as Report;
  t.match(dead.status.error, /daemon/);
  t.match(Object.keys(dead.hubs), ['default.0'], 'without a daemon too');
});
