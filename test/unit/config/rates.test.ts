import t from 'tap';
import { describePool, type PoolConfig } from '../../../src/config/index.js';
import { parseConfig } from '../../../src/config/read.js';

const read = (rate: string): PoolConfig =>
  parseConfig({ source: `[pools.default]\nrate_in = ${rate}`, file: 'f.toml' }).pools[0] as PoolConfig;

t.test('a rate is read in bits per second, and told in the largest unit in which it is whole', async (t) => {
  for (const [written, bits, told] of [
    ['64000bit', 64e3, '64Kbit'],
    ['100Mbit', 100e6, '100Mbit'],
    ['2500Mbit', 2.5e9, '2500Mbit'],
    ['1000Mbit', 1e9, '1Gbit'],
    ['100Gbit', 100e9, '100Gbit'],
  ] as const) {
    const pool = read(`"${written}"`);
    t.strictSame([pool.rateInBits, describePool(pool)['rate_in']], [bits, told], written);
    t.equal(pool.rateOutBits, null);
  }
});

t.test('what is no rate is refused with file, line and key', async (t) => {
  const message = /^f\.toml:2: pools\.default\.rate_in: found .*, allowed: bits per second from 64Kbit to 100Gbit/;
  for (const written of ['"100"', '100', '"1.5Mbit"', '"10 Mbit"', '"63Kbit"', '"101Gbit"', '"100mbit"', '""'])
    t.throws(() => read(written), { code: 'config_invalid', message }, written);
});
