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

t.test('limits of connections are whole numbers, and need anti_spoof', async (t) => {
  const parse = (lines: string) => parseConfig({ source: `[pools.default]\n${lines}`, file: 'f.toml' }).pools[0];
  t.match(parse('max_connections = 100\nmax_connections_per_second = 20'), {
    maxConnections: 100,
    maxConnectionsPerSecond: 20,
  });
  t.match(parse('anti_spoof = false'), { maxConnections: null, maxConnectionsPerSecond: null });
  for (const key of ['max_connections', 'max_connections_per_second']) {
    for (const value of ['0', '1000001', '"many"', '1.5'])
      t.throws(() => parse(`${key} = ${value}`), {
        message: new RegExp(`^f\\.toml:2: pools\\.default\\.${key}: found .*, allowed: an integer from 1 to 1000000`),
      });
    t.throws(() => parse(`anti_spoof = false\n${key} = 5`), {
      message: `f.toml:3: pools.default.${key}: is set with anti_spoof = false, by which a container has as many addresses as it wants`,
    });
  }
});
