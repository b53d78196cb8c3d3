import t from 'tap';
import { startDaemon } from '../daemon.js';
import { CASES_IPV6 } from './cases-ipv6.js';
import { settle, stageOf, token } from './stage.js';
import { framesProgram } from './wire.js';

/** As in spoofing.test.ts, with both families. */
const POOLS = ['open', 'own', 'full'] as const;
const pool = (name: string, number: number, more: string): string => `[pools.${name}]
subnet = "10.${number}.0.0/24"
subnet6 = "fd00:${number}::/64"
min_ready = 2
max = 8
sizing = "fixed"
${more}
`;
const TOML = `reconcile_seconds = 3600
${pool('open', 213, 'anti_spoof = false')}${pool('own', 214, '')}${pool('full', 215, 'isolation = "full"')}`;

t.test('what an endpoint with IPv6 may send, and to whom', async (t) => {
  const program = framesProgram();
  await using daemon = await startDaemon(t, TOML);
  const stages = await Promise.all(POOLS.map(async (name) => [name, await stageOf(t, daemon, name, program)] as const));
  for (const [name, stage] of stages) {
    await stage.attacker.wire.send(...CASES_IPV6.map((one, at) => one.frame(stage, token(at))));
    await settle(stage, 1000);
    for (const [at, one] of CASES_IPV6.entries()) {
      const wanted = name === 'open' ? true : one[name];
      t.equal(stage[one.at].wire.has(token(at)), wanted, `${name}: ${one.what}, seen by the ${one.at}`);
    }
  }
});
