import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { type Daemon, startDaemon } from './daemon.js';
import { answersPing, links } from './eye.js';
import { asWithBridgesInHost } from './former-bridges.js';
import { SeenVault } from './vault.js';
import { mounts, POOL, recorded } from './vault-pool.js';

/** Turns a state directory into what version 0.1 left, with a daemon that has ended: namespaces mounted in the host. */
async function asOfVersion01(daemon: Daemon): Promise<void> {
  const { stateDir } = daemon;
  const instance = (JSON.parse(readFileSync(`${stateDir}/site.json`, 'utf8')) as { instanceId: string }).instanceId;
  const vault = new SeenVault(stateDir);
  await asWithBridgesInHost(daemon);
  const folder = mkdtempSync('/run/former-');
  await execa('mount', ['--bind', folder, folder]);
  await execa('mount', ['--make-private', folder]);
  for (const id of vault.endpoints) {
    writeFileSync(`${folder}/nd${instance}-${id}`, '');
    await execa('mount', ['--bind', vault.pathOf(id), `${folder}/nd${instance}-${id}`]);
  }
  await execa(new URL('../../bin/netnsd-vault', import.meta.url).pathname, ['stop', stateDir]);
  mkdirSync(`${stateDir}/netns`);
  await execa('mount', ['--rbind', folder, `${stateDir}/netns`]);
  await execa('mount', ['--make-rprivate', `${stateDir}/netns`]);
  await execa('umount', ['-l', folder]);
  await execa('sed', [
    '-i',
    '-E',
    `s#netns/([a-z]+-[0-9]+)\\.[0-9a-f]{16}#netns/nd${instance}-\\1#`,
    '-s',
    '--',
    ...['ready', 'leased'].flatMap((state) =>
      readdirSync(`${stateDir}/${state}`).map((name) => `${stateDir}/${state}/${name}`),
    ),
  ]);
  writeFileSync(`${stateDir}/site.json`, JSON.stringify({ version: 1, instance, netnsDir: `${stateDir}/netns` }));
}

t.test(
  'the state directory of version 0.1 is taken over: leases stay, with their paths, and the rest is built anew',
  async (t) => {
    const before = mounts();
    await using daemon = await startDaemon(t, POOL);
    const { netns, addresses } = await daemon.acquire('--id', 'one');
    await daemon.filled();
    await daemon.stop();
    await asOfVersion01(daemon);
    t.ok(mounts() - before > 8, 'as it was');
    const [former = ''] = readdirSync(`${daemon.stateDir}/leased`).map(
      (name) => JSON.parse(readFileSync(`${daemon.stateDir}/leased/${name}`, 'utf8')).facts.netns.path as string,
    );
    t.equal(statSync(former).ino, netns.inode);
    daemon.start();
    await daemon.answers();
    t.ok(mounts() - before <= 3, `${mounts() - before} mounts more`);
    t.match(await daemon.leases(), [{ containerId: 'one', netns: { path: former, inode: netns.inode } }]);
    t.equal(statSync(former).ino, netns.inode, 'a bundle that has the path goes on');
    t.match((await links(former)).find(({ ifname }) => ifname === 'eth0')?.addr_info, [
      { local: addresses[0]?.address.split('/')[0] },
    ]);
    t.ok(await answersPing(addresses[0]?.address.split('/')[0] as string), 'and its network');
    await daemon.filled();
    const paths = [...recorded(daemon).keys()].filter((path) => path !== former);
    t.ok(paths.length >= 8);
    for (const path of paths) t.match(path, /\.[0-9a-f]{16}$/);
    await daemon.cli('release', '--id', 'one');
    t.notOk(existsSync(former));
    t.equal(readlinkSync(`${daemon.stateDir}/netns`), `/proc/${new SeenVault(daemon.stateDir).resident}/root/netns`);
  },
);
