import { execa, execaSync } from 'execa';
import t from 'tap';
import { startDaemon } from '../daemon.js';
import type { Case } from './case.js';
import { CASES } from './cases.js';
import { echo, plain, settle, stageOf, token } from './stage.js';
import { framesProgram } from './wire.js';

/** `open` lets everything pass: what is sent there arrives, or the frame shows nothing about the other two. */
const POOLS = ['open', 'own', 'full'] as const;
type PoolName = (typeof POOLS)[number];
const common = (subnet: string): string =>
  `subnet = "${subnet}"\nmin_ready = 2\nmax = 8\nsizing = "fixed"\nmasquerade = false\negress_deny = []\n`;
const TOML = `reconcile_seconds = 3600
[pools.open]
${common('10.213.0.0/24')}anti_spoof = false
[pools.own]
${common('10.214.0.0/24')}
[pools.full]
${common('10.215.0.0/24')}isolation = "full"
`;

const expected = (one: Case, pool: PoolName): boolean => (pool === 'open' ? true : one[pool]);

t.test('what an endpoint may send, and to whom', async (t) => {
  const program = framesProgram();
  execaSync('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  t.teardown(() => execaSync('sysctl', ['-qw', 'net.ipv4.ip_forward=0']));
  await using daemon = await startDaemon(t, TOML);
  const stages = await Promise.all(POOLS.map(async (pool) => [pool, await stageOf(t, daemon, pool, program)] as const));

  for (const [pool, stage] of stages) {
    await stage.attacker.wire.send(...CASES.map((one, at) => one.frame(stage, token(at))));
    await settle(stage, 1000);
    for (const [at, one] of CASES.entries())
      t.equal(stage[one.at].wire.has(token(at)), expected(one, pool), `${pool}: ${one.what}, seen by the ${one.at}`);
  }

  for (const [pool, stage] of stages) {
    const { attacker, neighbour, gateway } = stage;
    await neighbour.wire.send(plain(neighbour, gateway, token(2000)));
    await settle(stage, 2001);
    t.ok(gateway.wire.has(token(2000)), `${pool}: what a neighbour sends to the gateway arrives`);
    t.notOk(attacker.wire.has(token(2000)), `${pool}: a promiscuous neighbour does not see it`);
  }

  for (const [pool, stage] of stages) {
    const { attacker, gateway } = stage;
    // Of any hub's bridge, which has no address.
    const hub = { mac: '06:58:00:00:00:01', address: gateway.address };
    await attacker.wire.send(echo(attacker, gateway, token(2500)), echo(attacker, hub, token(2501)));
    await settle(stage, 2502);
    await attacker.wire.arrival(token(2500));
    t.notOk(attacker.wire.has(token(2501)), `${pool}: the hub itself answers nothing`);
  }

  for (const [pool, stage] of stages) {
    const inside = (...command: string[]) => execa('nsenter', [`--net=${stage.path}`, ...command], { reject: false });
    await inside('ip', 'link', 'add', 'second', 'link', 'eth0', 'address', '02:00:00:00:aa:aa', 'type', 'macvlan');
    await inside('ip', 'address', 'add', stage.attacker.address.replace(/\d+$/, '200/24'), 'dev', 'second');
    await inside('ip', 'link', 'set', 'second', 'up');
    await inside('/bin/busybox', 'arping', '-c1', '-w1', '-I', 'second', stage.attacker.address.replace(/\d+$/, '250'));
    await settle(stage, 3000);
    t.equal(stage.gateway.wire.has('02000000aaaa'), pool === 'open', `${pool}: a second MAC by macvlan`);
  }
});
