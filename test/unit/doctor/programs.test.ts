import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { HostFiles } from '../../../src/doctor/host-files.js';
import { machineOf, runOnce } from './machine.js';

function withPrograms(t: Test, ...paths: string[]) {
  const machine = machineOf(t, Object.fromEntries(paths.map((path) => [path, '#!/bin/sh\n'])));
  for (const path of paths) chmodSync(join(t.testdirName, path), 0o755);
  return machine;
}

t.test('Node.js must be new enough', async (t) => {
  for (const node of ['v20.19.0', 'v20.20.2', 'v22.0.0'])
    t.match(runOnce('node', machineOf(t, {}, { node })), { status: 'ok' });
  for (const node of ['v18.20.0', 'v20.18.9'])
    t.match(runOnce('node', machineOf(t, {}, { node })), { status: 'fail', advice: /nodejs\.org/ });
});

t.test('one runtime is enough, in any folder of Debian', async (t) => {
  for (const path of ['/usr/sbin/runc', '/usr/bin/crun', '/usr/local/bin/runsc'])
    t.match(runOnce('runtime', withPrograms(t, path)), { status: 'ok', message: path });
  t.match(runOnce('runtime', machineOf(t, { '/usr/bin/runc': 'no program' })), {
    status: 'warn',
    advice: 'apt-get install runc',
  });
});

t.test('the wrapper may be in PATH', async (t) => {
  const machine = withPrograms(t, '/opt/netnsd/bin/netnsd-runc');
  t.match(runOnce('netnsd-runc', machine), { status: 'warn', advice: /install\.sh/ });
  t.match(runOnce('netnsd-runc', { ...machine, path: 'relative:/opt/netnsd/bin' }), { status: 'ok' });
});

t.test('an absent file is undefined, one that may not be read throws', async (t) => {
  const files = new HostFiles(t.testdir({ file: 'text' }));
  t.equal(files.text('/none'), undefined);
  t.equal(files.text('/file/below'), undefined);
  t.equal(files.link('/file'), undefined);
  t.equal(files.sysctl('no.such'), undefined);
  t.equal(files.space('/none'), undefined);
  t.same(files.names('/none'), []);
  t.throws(() => new HostFiles('\0').text('/file'), { code: 'ERR_INVALID_ARG_VALUE' });
});
