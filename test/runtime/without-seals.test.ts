import { readFileSync } from 'node:fs';
import t from 'tap';
import { SELDOM, startDaemon } from './daemon.js';
import { told } from './doctor-run.js';
import { eventually } from './eye.js';

/** Takes away where the counter of sysctl writes is attached, from the daemon alone. */
const WITHOUT = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c'];
const SCRIPT = `for at in ${cgroup2Mounts().join(' ')}; do umount -l "$at" || exit; done; exec "$@"`;

function cgroup2Mounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((line) => line.includes(' - cgroup2 ')).map((line) => line.split(' ')[4] as string);
}

t.test('where sysctl writes cannot be counted, log, status and doctor say so, and endpoints are proven', async (t) => {
  await using daemon = await startDaemon(t, SELDOM, { wrapper: [...WITHOUT, SCRIPT, 'sh'] });
  await eventually('the log says so', () => daemon.log().includes('each release reads some 600 files'));
  t.match(
    await daemon.cli('status'),
    /\nwarning: changes inside endpoints are not noticed .*cgroup2.* is not mounted\)\n/,
  );
  t.match(await told(daemon, 'warnings'), [/^warn .*each release reads some 600 files/]);
  await daemon.cli('acquire', '--id', 'one');
  await daemon.cli('release', '--id', 'one');
  await eventually('it is recycled', async () => ((await daemon.pools())[0]?.recycledByProof ?? 0) === 1);
});
