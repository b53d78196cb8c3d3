import t from 'tap';
import { warnOfTightSubnets } from '../../../src/daemon/start-warnings.js';

const WEB = { name: 'web', subnet: '10.9.0.0/24', max: 100, addressCooldownSeconds: 30 };

t.test('a subnet with fewer addresses beyond max than max is tight', async (t) => {
  const tight = (pool: Partial<typeof WEB>) => {
    const logged: string[] = [];
    warnOfTightSubnets([{ ...WEB, ...pool }], { info: (_, message) => void logged.push(message) });
    return logged.length === 1;
  };
  t.equal(tight({}), false);
  t.equal(tight({ max: 126 }), false);
  t.equal(tight({ max: 127 }), true);
  t.equal(tight({ max: 127, addressCooldownSeconds: 0 }), false);
});
