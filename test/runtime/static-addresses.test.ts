import { execa, execaSync } from 'execa';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { FRONT, startDaemon } from './daemon.js';
import { answersPing, eventually, links } from './eye.js';

const pool = (name: string, subnet: string, more: string): string =>
  `[pools.${name}]\nsubnet = "${subnet}"\nmin_ready = 2\nmax = 6\nsizing = "fixed"\naddress_cooldown_seconds = 0\n${more}\n`;
const CONFIG = `reconcile_seconds = 3600
${pool('default', '10.213.0.0/24', 'subnet6 = "fd00:213::/64"')}${pool('free', '10.214.0.0/24', 'anti_spoof = false')}`;
const MAC = '02:00:00:00:00:42';

const reaches = async ({ netns }: Lease, address: string): Promise<boolean> => {
  const ping = ['/bin/busybox', 'ping', '-c1', '-W10', address];
  return (await execa('nsenter', [`--net=${netns.path}`, ...ping], { reject: false })).exitCode === 0;
};

t.test('a container has the address and the MAC that were asked for', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const ready = await daemon.acquire('--address', '10.213.0.3', '--id', 'ready');
  t.match(ready, { source: 'warm', addresses: [{ address: '10.213.0.3/24' }, { address: 'fd00:213::ad5:3/64' }] });
  // By the native program, which leaves these to the daemon.
  const native = ['acquire', '--address', 'fd00:213::10.213.0.77', '--id', 'far', '--json', '--socket', daemon.socket];
  const far = JSON.parse(execaSync(FRONT, native).stdout) as Lease;
  t.match(far, { source: 'cold', interface: { mac: '0a:58:0a:d5:00:4d' } });
  const seen = (await links(far.netns.path)).find(({ ifname }) => ifname === 'eth0');
  t.match(seen?.addr_info.find(({ family }) => family === 'inet')?.local, '10.213.0.77');
  await eventually('the host reaches it', () => answersPing('10.213.0.77'));
  for (const address of ['10.213.0.77', 'fd00:213::ad5:4d'])
    await eventually(`a container reaches it at ${address}`, () => reaches(ready, address));
  t.match(await daemon.acquire('--id', 'far', '--address', '10.213.0.77'), { id: far.id });
  const refused: [args: string[], why: RegExp][] = [
    [['--address', '10.213.0.77'], new RegExp(`lease ${far.id} \\(container far\\) has it`)],
    [['--address', '10.213.1.7'], /no address of its endpoints, which have 10\.213\.0\.2 to 10\.213\.0\.254/],
    [['--address', 'localhost'], /must be an address of IPv4 or IPv6/],
    [['--mac', MAC], /it has anti_spoof/],
  ];
  for (const [args, message] of refused) await t.rejects(daemon.acquire(...args), { message }, args.join(' '));

  const own = await daemon.acquire('--pool', 'free', '--mac', MAC, '--address', '10.214.0.9', '--id', 'own');
  t.match(own, { interface: { mac: MAC }, addresses: [{ address: '10.214.0.9/24' }] });
  const neighbour = await daemon.acquire('--pool', 'free');
  const works = async (when: string): Promise<void> => {
    await eventually(`the host reaches it ${when}`, () => answersPing('10.214.0.9'));
    await eventually(`a neighbour reaches it ${when}`, () => reaches(neighbour, '10.214.0.9'));
    t.equal((await links(own.netns.path)).find(({ ifname }) => ifname === 'eth0')?.address, MAC);
  };
  await works('at first');
  await daemon.stop('SIGKILL');
  daemon.start();
  await daemon.answers();
  await daemon.filled();
  const findings = (await daemon.send('POST', '/v1/reconcile', { fix: true })).body;
  t.match(findings, { findings: [] });
  await works('after a restart');

  await daemon.cli('release', own.id);
  await eventually('it is replaced', async () => (await daemon.pools())[1]?.replaced === 1);
  const next = await daemon.acquire('--pool', 'free', '--address', '10.214.0.9', '--wait', '60');
  t.equal(next.interface.mac, '0a:58:0a:d6:00:09');
  await eventually('the next one at the address is reached', () => reaches(neighbour, '10.214.0.9'));
});
