import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { generalName } from '../../../src/kernel/faults/points.js';
import { faults } from '../../../src/kernel/faults.js';

const FAULTS = fileURLToPath(new URL('../../../src/kernel/faults.js', import.meta.url));

/** Loads the switch in a process of its own; what it says. */
function loadWith(t: Test, env: Record<string, string>): string {
  const folder = join(t.testdir(), 'faults');
  mkdirSync(folder);
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ paths: [folder], hit: null }));
  const script = `import(${JSON.stringify(FAULTS)}).then(({ faults }) => console.log(faults === undefined ? 'off' : 'on'), (error) => console.log(error.code))`;
  const all = { PATH: process.env.PATH, ...env, ...('NETNSD_FAULTS' in env ? { NETNSD_FAULTS: folder } : {}) };
  return execFileSync(process.execPath, ['-e', script], { env: all, encoding: 'utf8' }).trim();
}

t.test('nothing is injected unless it is asked for', async (t) => {
  t.equal(faults, undefined);
  t.equal(loadWith(t, {}), 'off');
  t.equal(loadWith(t, { NETNSD_SANDBOX: '1' }), 'off');
});

t.test('outside the sandbox it is refused, whatever the environment says', async (t) => {
  t.equal(loadWith(t, { NETNSD_FAULTS: 'here' }), 'bad_usage');
  t.equal(loadWith(t, { NETNSD_FAULTS: 'here', NETNSD_SANDBOX: '1' }), 'bad_usage');
});

t.test('a point has one name in every run and on every state directory', async (t) => {
  t.equal(generalName('create veth nd7glq-3k with peer eth0'), 'create veth nd* with peer ethN');
  t.equal(generalName('add address 10.100.0.1/16 to link 12'), 'add address N/N to link N');
  t.equal(generalName('~/state/netns/nd7glq-default-17'), '~/state/netns/nd*-N');
  t.equal(generalName('~/state/ready/.default-4.new'), '~/state/ready/.default-N.new');
});
