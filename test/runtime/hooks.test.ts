import { statSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { startDaemon } from './daemon.js';
import { answersPing, eventually, hubLinks } from './eye.js';
import { CONFIG, graftedLease, hookedBundle, ipOf, LOOK, nothingLeft, startDetached } from './hooked.js';

for (const runtime of ['runc', 'crun']) {
  t.test(`${runtime}: a container has its network by hooks, and its end gives the lease back`, async (t) => {
    await using daemon = await startDaemon(t, CONFIG);
    const bundle = await hookedBundle(daemon, LOOK);
    const { stdout } = await execa(runtime, ['run', '--bundle', bundle.folder, 'guest']);
    t.match(stdout, /inet 10\.213\.0\.\d+\/24 brd 10\.213\.0\.255 /);
    t.match(stdout, /mac\n0a:58:0a:d5:00:/);
    t.match(stdout, /^\d+: lo: <LOOPBACK,UP,LOWER_UP>/m, 'lo is up');
    t.match(stdout, /^\d+: eth0@\S+ <BROADCAST,MULTICAST,UP,LOWER_UP[,>]/m, 'eth0 is up');
    t.match(stdout, 'default via 10.213.0.1 dev eth0');
    t.match(stdout, 'reached the gateway');
    await eventually('the lease is back', async () => (await daemon.leases()).length === 0);
    await daemon.filled();
    const own = async () => (await hubLinks(daemon)).filter(({ ifname }) => ifname.startsWith('nd'));
    await eventually('two ready ones, nothing else', async () => (await own()).length === 2);
  });

  t.test(`${runtime}: a lease tells of the container's namespace, and ends after kill and delete`, async (t) => {
    await using daemon = await startDaemon(t, CONFIG);
    const bundle = await hookedBundle(daemon, 'exec sleep 1000');
    await using guest = await startDetached(runtime, bundle, 'guest');
    const lease = await graftedLease(daemon);
    t.match(lease.containerId, /^guest@[0-9a-f]{8}$/);
    t.same(lease.graft, { inode: statSync(`/proc/${guest.pid}/ns/net`).ino, pid: guest.pid });
    t.ok(await answersPing(ipOf(lease)));
    const inside = await execa(runtime, ['exec', 'guest', 'ping', '-c1', '-W10', '10.213.0.1']);
    t.equal(inside.exitCode, 0);
    await guest.kill();
    await nothingLeft(t, daemon, lease);
  });
}
