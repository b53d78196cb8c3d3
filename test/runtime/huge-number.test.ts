import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { SELDOM, startDaemon } from './daemon.js';
import { eventually, links } from './eye.js';
import { SeenVault } from './vault.js';

t.test('strays with the greatest numbers are removed, and building goes on, over restarts', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const { stateDir } = daemon;
  const vault = new SeenVault(stateDir);
  const { instanceId, identity } = JSON.parse(readFileSync(`${stateDir}/site.json`, 'utf8'));
  await daemon.stop();
  const mountPoint = vault.pathOf('default-100000000000000');
  writeFileSync(mountPoint, '');
  const foreign = `${stateDir}/netns/nd${instanceId}-default-100000000000000`;
  writeFileSync(foreign, '');
  const name = `nd${instanceId}-zzzzzzzz`;
  await execa('ip', ['link', 'add', name, 'type', 'veth']);
  await execa('ip', ['link', 'set', name, 'alias', `netnsd default-${36 ** 8 - 1} ${identity}`]);
  rmSync(`${stateDir}/sequence`);
  for (let start = 0; start < 2; start += 1) {
    daemon.start();
    await daemon.answers();
    await daemon.filled();
    const lease = await daemon.acquire('--id', `c${start}`);
    await daemon.cli('release', lease.id);
    await daemon.filled();
    t.match(await daemon.pools(), [{ buildFailures: 0 }]);
    await daemon.stop();
  }
  t.notOk(existsSync(mountPoint));
  t.ok(existsSync(foreign), 'what is none of its own is left alone');
  await eventually('the link is gone', async () => (await links()).every(({ ifname }) => ifname !== name));
});
