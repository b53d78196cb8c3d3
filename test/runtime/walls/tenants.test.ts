import { readdirSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import type { Lease } from '../../../src/pool/types.js';
import { type Daemon, startDaemon } from '../daemon.js';
import { answersPing, eventually, hubOf } from '../eye.js';

const TOML = `reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 4
max = 12
isolation = "tenant"
`;

const addressOf = (lease: Lease): string => lease.addresses[0]?.address.split('/')[0] as string;
const inside = (path: string, ...command: string[]) =>
  execa('nsenter', [`--net=${path}`, ...command], { reject: false });

/** Whether a ping is answered; one that is to be answered may take long. */
async function reaches(from: Lease, address: string, wanted: boolean): Promise<boolean> {
  const ping = ['/bin/busybox', 'ping', '-c1', `-W${wanted ? 10 : 1}`, address];
  return (await inside(from.netns.path, ...ping)).exitCode === 0;
}

async function findings(daemon: Daemon): Promise<object[]> {
  return ((await daemon.send('POST', '/v1/reconcile', { fix: true })).body as { findings: object[] }).findings;
}

t.test('leases reach those of their tenant, and nothing reaches an unused endpoint', async (t) => {
  await using daemon = await startDaemon(t, TOML);
  const offers = (kind: string): string[] =>
    readdirSync(`${daemon.stateDir}/shelf/offers/default/${kind}`, { recursive: true, withFileTypes: true })
      .filter((one) => one.isSymbolicLink())
      .map(({ name }) => name);
  const [one, two] = [await daemon.acquire('--tenant', 'a'), await daemon.acquire('--tenant', 'a')];
  const other = await daemon.acquire('--tenant', 'b');
  t.same(await reaches(one, '10.213.0.1', true), true, 'the gateway');
  const check = async (when: string): Promise<void> => {
    t.ok(await reaches(one, addressOf(two), true), `${when}: one of its tenant`);
    t.ok(await reaches(two, addressOf(one), true), `${when}: and back`);
    const foreign = await Promise.all([reaches(one, addressOf(other), false), reaches(other, addressOf(two), false)]);
    t.same(foreign, [false, false], `${when}: one of another tenant`);
  };
  await check('at first');

  await daemon.filled();
  const unused = (await inside(hubOf(daemon), 'bridge', '-j', 'fdb', 'show')).stdout;
  const macs = new Set(
    [...unused.matchAll(/0a:58:0a:d5:00:([0-9a-f]{2})/g)].map(
      ([, last = '']) => `10.213.0.${Number.parseInt(last, 16)}`,
    ),
  );
  const free = [...macs].find((address) => ![one, two, other].some((lease) => addressOf(lease) === address));
  t.ok(await answersPing(free as string), 'there is an unused endpoint');
  t.notOk(await reaches(one, free as string, false), 'and no lease reaches it');
  t.same(offers('unused'), [], 'it is not on the shelf either, since only the daemon can tell the kernel whose it is');

  await daemon.stop('SIGKILL');
  await check('while no daemon runs');
  daemon.start();
  await daemon.answers();
  await daemon.filled();
  await check('after a restart');
  await daemon.cli('reload');
  await check('after a reload');

  await inside(hubOf(daemon), 'nft', 'flush', 'ruleset');
  await eventually('the rules are restored', () => /rules in hubs had been changed/.test(daemon.log()));
  await check('after that');

  // A change of its own goes through although the rules are not as they were made.
  await inside(hubOf(daemon), 'nft', 'flush', 'ruleset');
  const third = await daemon.acquire('--tenant', 'a');
  t.ok(await reaches(third, addressOf(one), true), 'the next lease of the tenant');
  await check('after it');
  t.same(await findings(daemon), []);

  const members = async (): Promise<string> => (await inside(hubOf(daemon), 'nft', 'list', 'ruleset')).stdout;
  t.match(await members(), third.interface.mac);
  await daemon.cli('release', third.id);
  await eventually('it is ready again, for its tenant', () => offers('used').length === 1);
  t.match(await members(), third.interface.mac, "it stays its tenant's");
  const again = await daemon.acquire('--tenant', 'a');
  t.equal(again.interface.mac, third.interface.mac, 'who gets it again');
  t.ok(await reaches(again, addressOf(two), true));
  t.not((await daemon.acquire('--tenant', 'b')).interface.mac, third.interface.mac);
  await inside(again.netns.path, 'ip', 'address', 'add', '192.0.2.1/32', 'dev', 'lo');
  await daemon.cli('release', again.id);
  await eventually('what is replaced has no tenant', async () => !(await members()).includes(again.interface.mac));
});
