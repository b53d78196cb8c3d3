import t from 'tap';
import { hasCode } from '../../src/errors.js';
import { CrashDaemon } from './daemon.js';
import { look } from './eyes.js';
import { Guest } from './guest.js';

/** Each with the `min_ready` that takes the kernel thread there: it builds more endpoints, or destroys some. */
const POINTS = [
  ['call unshare', 6],
  ['call umount2', 0],
  ['netlink create veth nd* with peer ethN', 6],
] as const;

for (const [place, [point, minReady]] of POINTS.entries()) {
  t.test(
    `when the kernel thread ends at "${point}", the daemon ends as well, and the next one has every lease`,
    async (t) => {
      await using daemon = new CrashDaemon({ place: 20 + place });
      t.ok(await daemon.start());
      await daemon.settled();
      const lease = await daemon.client.acquire({ containerId: 'runner' });
      const guest = new Guest(lease.netns.path, lease.addresses[0]?.gateway as string);
      t.teardown(() => guest.end());
      const other = await daemon.client.acquire({ containerId: 'other' });
      await daemon.settled();
      daemon.plan({ thread: 'kernel', point, nth: 1, fault: { act: 'end thread' } });
      const ask = (request: Promise<unknown>) =>
        request.catch((error: unknown) => {
          if (!hasCode(error, 'worker_failed') && !hasCode(error, 'daemon_unreachable')) throw error;
        });
      await ask(daemon.client.release(other.id));
      await ask(daemon.client.resizePool('default', { minReady }));
      const status = await daemon.ended();
      t.ok(daemon.hasHit());
      t.ok(status !== 0, `it ends with status ${status}, so that a service manager starts it again`);
      daemon.plan(null);
      t.ok(await daemon.start());
      await daemon.client.release(other.id);
      await daemon.settled();
      t.match(await daemon.client.leases(), [{ id: lease.id, netns: lease.netns }]);
      for (const end = Date.now() + 180_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
        const { wrong } = await look(daemon.stateDir);
        if (wrong.length > 0 && Date.now() < end) continue;
        t.same(wrong, []);
        break;
      }
      const { sent, answered } = await guest.end();
      t.ok(sent > 0 && sent - answered <= 1, `${answered} of ${sent} pings of the container were answered`);
    },
  );
}
