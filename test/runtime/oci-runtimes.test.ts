import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { makeBundle } from './bundle.js';
import { startDaemon } from './daemon.js';
import { answersPing, eventually } from './eye.js';

// Two ready endpoints and room for more: both are leased below, and what replaces them has other addresses.
const CONFIG = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 8\nrecycle = "replace"\n';

/** What a container prints of its network, each part after a line that names it. */
const LOOK = `
echo addresses; ip address show; echo routes; ip route show; echo mac; cat /sys/class/net/eth0/address
for target in $(cat /targets); do ping -c1 -W10 $target >/dev/null && echo "reached $target"; done; true`;

const ipOf = (lease: Lease): string => lease.addresses[0]?.address.split('/')[0] as string;

for (const runtime of ['runc', 'crun']) {
  t.test(`${runtime} runs a container on a pooled namespace, and its release leaves nothing`, async (t) => {
    await using daemon = await startDaemon(t, CONFIG);
    const peer = await makeBundle('exec sleep 1000');
    await daemon.cli('oci', 'patch', peer.folder, '--id', 'peer');
    await execa(runtime, ['run', '--detach', '--bundle', peer.folder, 'peer'], { stdio: 'ignore' });
    await using _peer = {
      [Symbol.asyncDispose]: async () => void (await execa(runtime, ['delete', '--force', 'peer'])),
    };

    const bundle = await makeBundle(LOOK);
    await daemon.cli('oci', 'patch', bundle.folder, '--id', 'guest');
    const lease = await daemon.leaseOf('guest');
    const peerLease = await daemon.leaseOf('peer');
    const gateway = lease.addresses[0]?.gateway as string;
    t.equal(lease.source, 'warm');
    writeFileSync(join(bundle.rootfs, 'targets'), `127.0.0.1 ${gateway} ${ipOf(peerLease)}`);

    const { stdout } = await execa(runtime, ['run', '--bundle', bundle.folder, 'guest']);
    t.match(stdout, `inet ${lease.addresses[0]?.address} `, 'the address is that of the lease');
    t.match(stdout, `mac\n${lease.interface.mac}\n`, 'the MAC is that of the lease');
    t.match(stdout, /^\d+: lo: <LOOPBACK,UP,LOWER_UP>/m, 'lo is up');
    t.match(stdout, /^\d+: eth0@\S+ <BROADCAST,MULTICAST,UP,LOWER_UP[,>]/m, 'eth0 is up');
    t.match(stdout, `default via ${gateway} dev eth0`, 'the default route goes to the gateway');
    for (const target of ['127.0.0.1', gateway, ipOf(peerLease)]) {
      t.match(stdout, `reached ${target}`, `the container reaches ${target}`);
    }
    t.ok(await answersPing(ipOf(lease)), 'the address answers until the lease is released');

    await daemon.cli('release', '--id', 'guest');
    t.notOk(
      (await daemon.leases()).some((one) => one.containerId === 'guest'),
      'the lease is gone',
    );
    await eventually('the namespace is gone', () => !existsSync(lease.netns.path));
    await eventually('its address does not answer', async () => !(await answersPing(ipOf(lease))));
    t.ok(await answersPing(ipOf(peerLease)), 'the other container is not disturbed');
  });
}
