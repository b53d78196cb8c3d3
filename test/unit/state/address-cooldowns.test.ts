import t from 'tap';
import { FileAddressCooldowns } from '../../../src/state/address-cooldowns.js';

const WEB = { name: 'web', subnet: '10.9.0.0/24', max: 100, addressCooldownSeconds: 30 };

function cooldowns(pools = [WEB], earlier: { address: string; sinceMs: number }[] = []) {
  const added: string[] = [];
  const logged: string[] = [];
  const file = {
    failing: false,
    load: () => earlier,
    add(address: string, sinceMs: number) {
      if (file.failing) throw new Error('ENOSPC');
      added.push(`${address} ${sinceMs}`);
    },
  };
  const log = {
    info: (_: object, message: string) => void logged.push(message),
    warn: (_: object, message: string) => void logged.push(message),
  };
  return { cooldowns: new FileAddressCooldowns({ pools, file, log }), added, logged, file, log };
}

t.test('a cooldown is recorded by address, and found under another pool name and subnet', async (t) => {
  const { cooldowns: before, added } = cooldowns();
  before.add('web', { index: 0, sinceMs: 5 });
  before.add('web', { index: 198, sinceMs: 7 });
  before.add('gone', { index: 1, sinceMs: 9 });
  t.same(added, ['10.9.0.2 5', '10.9.0.200 7']);
  const earlier = [
    { address: '10.9.0.2', sinceMs: 5 },
    { address: '10.9.0.200', sinceMs: 7 },
  ];
  const { cooldowns: after } = cooldowns([{ ...WEB, name: 'new', subnet: '10.9.0.128/25' }], earlier);
  t.same(after.of('new'), [{ index: 70, sinceMs: 7 }]);
  t.same(after.of('web'), []);
});

t.test('a pool without cooldowns records nothing', async (t) => {
  const { cooldowns: none, added } = cooldowns([{ ...WEB, addressCooldownSeconds: 0 }]);
  none.add('web', { index: 0, sinceMs: 5 });
  t.same(added, []);
});

t.test('a full disk is logged once, and fails no caller', async (t) => {
  const { cooldowns: full, logged, file, added } = cooldowns();
  file.failing = true;
  for (const index of [0, 1, 2]) full.add('web', { index, sinceMs: 5 });
  t.equal(logged.length, 1);
  file.failing = false;
  full.add('web', { index: 3, sinceMs: 5 });
  file.failing = true;
  full.add('web', { index: 4, sinceMs: 5 });
  t.equal(logged.length, 2);
  t.equal(added.length, 1);
});
