import t from 'tap';
import { Host } from '../../src/endpoint/host.js';
import { Network } from '../../src/endpoint/network/network.js';
import { Verification } from '../../src/endpoint/thread/verification.js';
import { endpointName, fakeHost, SETTINGS } from './fake-host.js';

t.test('ready endpoints without a seal are looked into in turn, or all', async (t) => {
  const { site, netnsPath } = fakeHost(t);
  using host = Host.open({ netnsPath, stateDir: site.stateDir });
  const network = new Network({ host, site, settings: SETTINGS });
  const verification = new Verification({ host, site, network: () => network });
  t.teardown(() => verification.close());
  // None of them was built: who is looked into is found missing.
  const ready = [0, 1, 2, 3, 4].map((seq) => ({ name: endpointName(seq), netnsInode: 1 }));
  const looked = async (most: number) =>
    (await verification.problemsOf(ready, { most })).flatMap((problem, position) => (problem === null ? [] : position));
  t.same(await looked(2), [0, 1]);
  t.same(await looked(2), [2, 3]);
  t.same(await looked(2), [0, 4], 'after the last comes the first');
  t.same(await looked(ready.length), [0, 1, 2, 3, 4]);
  t.same(await verification.problemsOf([], { most: 2 }), []);
});
