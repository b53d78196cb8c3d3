import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { editSpec, makeBundle } from './bundle.js';
import { eventually, links } from './eye.js';
import { expectNothingLeft, holdersOf } from './leftover.js';
import type { Runtime } from './runtimes.js';
import { startWrapper, type Wrapper } from './wrapper.js';

const FOREVER = 'trap "exit 0" TERM; while :; do sleep 1; done';

/**
 * What netnsd-runc owes its callers, whatever real runtime stands behind it, and whether it takes from the shelf or asks for
 * each endpoint (`socketElsewhere`: it finds no shelf then).
 */
export function wrapperTests(runtime: Runtime, { socketElsewhere = false } = {}): void {
  t.test(`${runtime.name}, ${socketElsewhere ? 'over the socket' : 'from the shelf'}`, async (t) => {
    await using wrapper = await startWrapper(t, runtime, { socketElsewhere });

    await t.test(`a container has a pooled network from its first instruction to its delete`, async (t) => {
      const bundle = await makeBundle(FOREVER);
      const lease = await wrapper.start('guest', bundle.folder);
      t.equal(lease.source, 'warm');
      const seen = await wrapper.inside('guest', lookAt(lease));
      t.match(seen, `inet ${lease.addresses[0]?.address} `, 'its address is that of the lease');
      t.match(seen, lease.interface.mac, 'its MAC is that of the lease');
      t.match(seen, `default via ${lease.addresses[0]?.gateway} dev eth0`, 'its default route goes to the gateway');
      t.match(seen, / 0% packet loss/, 'the gateway answers');
      const state = await wrapper.state('guest');
      t.match(state.annotations, { 'dev.netnsd.lease': lease.id, 'dev.netnsd.address': lease.addresses[0]?.address });
      t.ok(holdersOf(lease.netns.inode).includes(state.pid), 'the process that the runtime names is in the namespace');
      const eth0 = (await links(lease.netns.path)).find(({ ifname }) => ifname === 'eth0');
      const kept = eth0?.addr_info.some(({ family }) => family === 'inet');
      t.equal(kept, !runtime.hasOwnStack, 'gVisor takes the addresses over, others leave them to the kernel');

      const refused = await wrapper.call('delete', 'guest');
      t.not(refused.status, 0, 'what runs is not deleted');
      // The daemon would refuse as well, which netnsd-runc would report.
      t.notMatch(refused.output, 'netnsd-runc', 'and the daemon is not asked');
      t.equal((await wrapper.lease('guest')).id, lease.id, 'and keeps its lease');
      t.match(await wrapper.inside('guest', lookAt(lease)), / 0% packet loss/, 'and its network');
      const deleted = await wrapper.call('delete', '--force', 'guest');
      t.equal(deleted.status, 0, deleted.output);
      await expectNothingLeft(t, wrapper.daemon, { gone: [lease.netns.inode] });
    });

    await t.test(`run gives the lease back as soon as the container has ended`, async (t) => {
      const bundle = await makeBundle('ip address show eth0; ping -c1 -W10 10.213.0.1; exit 7');
      const ended = await wrapper.call('run', '--bundle', bundle.folder, 'once');
      t.equal(ended.status, 7, "the status is the container's");
      t.match(ended.output, /inet 10\.213\.0\.\d+\/24/);
      t.match(ended.output, / 0% packet loss/);
      await expectNothingLeft(t, wrapper.daemon, { gone: [] });
      t.equal(
        (await wrapper.call('run', '--bundle', bundle.folder, 'once')).status,
        7,
        'and again, from the same bundle',
      );
      await expectNothingLeft(t, wrapper.daemon, { gone: [] });
    });

    await t.test(`a container that is killed keeps its lease until it is deleted`, async (t) => {
      const bundle = await makeBundle(FOREVER);
      const lease = await wrapper.start('victim', bundle.folder);
      process.kill((await wrapper.state('victim')).pid, 'SIGKILL');
      await stopped(wrapper, 'victim');
      t.equal((await wrapper.lease('victim')).id, lease.id);
      const deleted = await wrapper.call('delete', 'victim');
      t.equal(deleted.status, 0, deleted.output);
      await expectNothingLeft(t, wrapper.daemon, { gone: [lease.netns.inode] });
    });

    await t.test(`a create that fails leaves nothing, and the next one succeeds`, async (t) => {
      const { folder, rootfs } = await makeBundle(FOREVER);
      editSpec(folder, (spec) => {
        spec.root.path = '/nowhere';
      });
      const failed = await wrapper.call('create', '--bundle', folder, 'late');
      t.not(failed.status, 0, 'it fails');
      t.match(failed.output, /nowhere|no such file|cannot create sandbox/i, "with the runtime's own words");
      await expectNothingLeft(t, wrapper.daemon, { gone: [] });
      editSpec(folder, (spec) => {
        spec.root.path = rootfs;
      });
      const lease = await wrapper.start('late', folder);
      t.match(await wrapper.inside('late', lookAt(lease)), / 0% packet loss/, 'the second try has a network');
      await wrapper.call('delete', '--force', 'late');
      await expectNothingLeft(t, wrapper.daemon, { gone: [lease.netns.inode] });
    });

    if (runtime.keepsTheFirst) {
      await t.test(`a second create of an id does not touch the lease of the first`, async (t) => {
        const [first, second] = [await makeBundle(FOREVER), await makeBundle(FOREVER)];
        const lease = await wrapper.start('double', first.folder);
        for (const command of ['create', 'run']) {
          const refused = await wrapper.call(command, '--bundle', second.folder, 'double');
          t.not(refused.status, 0, `${command} fails`);
          t.notMatch(refused.output, 'netnsd-runc', 'and the daemon is not asked to take anything back');
        }
        t.equal((await wrapper.lease('double')).id, lease.id);
        t.match(await wrapper.inside('double', lookAt(lease)), / 0% packet loss/, 'its network works as before');
        await wrapper.call('delete', '--force', 'double');
        await expectNothingLeft(t, wrapper.daemon, { gone: [lease.netns.inode] });
      });
    }

    await t.test(`a container starts again from its bundle, also over a new daemon`, async (t) => {
      const { folder } = await makeBundle(FOREVER);
      const gone: number[] = [];
      for (const round of [1, 2, 3]) {
        const lease = await wrapper.start('again', folder);
        gone.push(lease.netns.inode);
        if (round === 2) {
          await wrapper.daemon.stop('SIGKILL');
          t.match(
            await wrapper.inside('again', lookAt(lease)),
            / 0% packet loss/,
            'it does not notice a daemon that dies',
          );
          wrapper.daemon.start();
          await wrapper.daemon.answers();
          t.equal((await wrapper.lease('again')).id, lease.id, 'the next daemon keeps the lease');
        }
        t.match(await wrapper.inside('again', lookAt(lease)), / 0% packet loss/, `start ${round} has a network`);
        await wrapper.call('kill', 'again', 'KILL');
        await stopped(wrapper, 'again');
        t.equal((await wrapper.call('delete', 'again')).status, 0);
        await expectNothingLeft(t, wrapper.daemon, { gone });
      }
    });

    await t.test(`${runtime.crowd} at once each have an address of their own`, async (t) => {
      const shared = await makeBundle('true');
      const script = 'ip -o address show eth0; ping -c1 -W10 10.213.0.1; exec sleep 1000';
      // Of one length: runsc takes the beginning of an id for the whole, where only one begins so.
      const ids = Array.from({ length: runtime.crowd }, (_, index) => `c${String(index).padStart(3, '0')}`);
      const bundles = await Promise.all(ids.map(() => makeBundle(script, shared)));
      const created = await Promise.all(
        ids.map((id, index) => wrapper.call('create', '--bundle', bundles[index]?.folder as string, id)),
      );
      const failed = created.filter(({ status }) => status !== 0);
      t.same(failed, [], 'all of them are created');
      const leases = await wrapper.daemon.leases();
      t.equal(new Set(leases.map(({ netns }) => netns.inode)).size, runtime.crowd, 'each in a namespace of its own');
      const started = await Promise.all(ids.map((id) => wrapper.call('start', id)));
      t.same(
        started.filter(({ status }) => status !== 0),
        [],
        'and started',
      );
      // What a container prints goes to where its create printed.
      await eventually('all of them have asked their gateway', () =>
        created.every(({ read }) => / packet loss/.test(read())),
      );
      t.ok(
        created.every(({ read }) => / 0% packet loss/.test(read())),
        'and it answered',
      );
      const addresses = created.map(({ read }) => /inet (10\.213\.0\.\d+)\/24/.exec(read())?.[1]);
      t.equal(new Set(addresses).size, runtime.crowd, 'no two have the same address');
      await Promise.all(ids.map((id) => wrapper.call('delete', '--force', id)));
      await expectNothingLeft(t, wrapper.daemon, { gone: leases.map(({ netns }) => netns.inode) });
    });

    await t.test(`netnsd-runc that is killed leaves a lease that delete gives back`, async (t) => {
      const { folder } = await makeBundle(FOREVER);
      const running = wrapper.begin('run', '--bundle', folder, 'orphan');
      await eventually(
        'it runs',
        async () => (await wrapper.state('orphan').catch(() => undefined))?.status === 'running',
      );
      const lease = await wrapper.lease('orphan');
      running.kill('SIGKILL');
      await running;
      t.equal((await wrapper.lease('orphan')).id, lease.id, 'the container may still run: the lease stands');
      const deleted = await wrapper.call('delete', '--force', 'orphan');
      t.equal(deleted.status, 0, deleted.output);
      await expectNothingLeft(t, wrapper.daemon, { gone: [lease.netns.inode] });
    });
  });
}

/** A script that shows the container's network and asks its gateway. */
function lookAt({ addresses }: Lease): string {
  return `ip address show eth0; ip route; ping -c1 -W10 ${addresses[0]?.gateway}`;
}

async function stopped(wrapper: Wrapper, id: string): Promise<void> {
  await eventually(`${id} has stopped`, async () => (await wrapper.state(id)).status === 'stopped');
}
