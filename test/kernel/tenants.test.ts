import { execa } from 'execa';
import t from 'tap';
import { placedIn } from '../../src/endpoint/network/walls/tenant-members.js';
import { built } from './built.js';
import { endpointName, fakeHost, SETTINGS } from './fake-host.js';

/** Two endpoints a hub, so that the third is in another one, and frames between them pass the root hub. */
const NETWORK = { ...SETTINGS, max: 4, endpointsPerHub: 2, isolation: 'tenant' } as const;
const addressOf = (seq: number): string => `10.213.0.${seq + 2}`;

t.test('tenants are kept apart within a hub and across hubs, and an endpoint can change its tenant', async (t) => {
  const fake = fakeHost(t);
  const { network, outcomes } = await built(t, fake, [1, 2, 3], NETWORK);
  t.ok(outcomes.every(({ ok }) => ok));
  network.walls.adopt([]);
  const admit = (...tenants: [seq: number, tenant: string][]): void =>
    network.walls.admit(
      placedIn(
        network,
        tenants.map(([seq, tenant]) => ({ name: endpointName(seq), tenant })),
      ),
    );
  const check = async (when: string, reached: Readonly<Record<string, boolean>>): Promise<void> => {
    const found = await Promise.all(
      Object.entries(reached).map(async ([way, wanted]) => {
        const [from = 0, to = 0] = way.split('-').map(Number);
        const path = `--net=${fake.pathOf(`default-${from}`)}`;
        const ping = ['/bin/busybox', 'ping', '-c1', `-W${wanted ? 10 : 1}`, to === 0 ? '10.213.0.1' : addressOf(to)];
        return [way, (await execa('nsenter', [path, ...ping], { reject: false })).exitCode === 0];
      }),
    );
    t.same(Object.fromEntries(found), reached, when);
  };
  await check('no endpoint has a tenant', { '1-0': true, '3-0': true, '1-2': false, '1-3': false, '3-2': false });
  admit([1, 'a'], [2, 'b'], [3, 'a']);
  await check('two of one tenant, in two hubs', { '1-3': true, '3-1': true, '1-2': false, '3-2': false });
  admit([2, 'a'], [1, 'b']);
  await check('two have changed', { '1-3': false, '1-2': false, '3-2': true });
  network.walls.dismiss(['default-3']);
  await check('one is gone', { '3-2': false, '2-0': true });
});
