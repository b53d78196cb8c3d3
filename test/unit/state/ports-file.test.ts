import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readHostBefore, readPortPlans, writeHostBefore, writePortPlans } from '../../../src/state/index.js';

t.test('plans of published ports come back, and an unchanged file is not written again', async (t) => {
  const directory = t.testdir();
  const plan = { subnet: '10.1.0.0/24', ports: [{ protocol: 'tcp' as const, port: 80 }], hostPorts: [30000, 30001] };
  t.strictSame(readPortPlans(directory), new Map());
  writePortPlans(directory, new Map([['web', plan]]));
  t.strictSame(readPortPlans(directory), new Map([['web', plan]]));
  const { ino } = statSync(join(directory, 'ports.json'));
  writePortPlans(directory, new Map([['web', plan]]));
  t.equal(statSync(join(directory, 'ports.json')).ino, ino);
  writePortPlans(directory, new Map());
  t.strictSame(readPortPlans(directory), new Map());
});

t.test('what is no plan is passed over', async (t) => {
  const directory = t.testdir();
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"web":null}',
    '{"web":{"subnet":1,"ports":[],"hostPorts":[]}}',
    '{"web":{"subnet":"10.0.0.0/8","ports":[{"protocol":"sctp","port":1}],"hostPorts":[]}}',
    '{"web":{"subnet":"10.0.0.0/8","ports":[],"hostPorts":[65536]}}',
  ]) {
    writeFileSync(join(directory, 'ports.json'), text);
    t.strictSame(readPortPlans(directory), new Map(), text);
  }
});

t.test('what the host had before the first change is what is kept', async (t) => {
  const directory = t.testdir();
  t.strictSame(readHostBefore(directory), {});
  writeHostBefore(directory, { ipForward: false });
  writeHostBefore(directory, { ipForward: true });
  t.strictSame(readHostBefore(directory), { ipForward: false });
  writeHostBefore(directory, { ipv6Forward: false, acceptRa: ['eth0'] });
  writeHostBefore(directory, { ipv6Forward: true, acceptRa: ['eth1', 'eth0'] });
  t.strictSame(readHostBefore(directory), { ipForward: false, ipv6Forward: false, acceptRa: ['eth0', 'eth1'] });
  writeFileSync(join(directory, 'host.json'), '{"ipForward":1,"acceptRa":["../x",1,"eth0"]}');
  t.strictSame(readHostBefore(directory), { acceptRa: ['eth0'] });
});
