import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { takeOverMounts } from '../../src/kernel/netns/former-mounts.js';
import { LeasePaths, publishPath } from '../../src/kernel/netns/lease-paths.js';
import { createNetns, NetnsHandle, removeNetns } from '../../src/kernel/netns/netns.js';
import { Vault } from '../../src/kernel/netns/vault.js';
import { findResident, startVault, stopVault } from '../../src/kernel/netns/vault-program.js';
import { assertSandbox } from '../guard.js';
import { mountsBelow } from '../runtime/eye.js';

assertSandbox();

const mounts = (): string[] => readFileSync('/proc/thread-self/mountinfo', 'utf8').trimEnd().split('\n');

async function started(t: Test): Promise<string> {
  const stateDir = mkdtempSync('/run/vault-');
  await startVault(stateDir);
  t.teardown(() => stopVault(stateDir));
  return stateDir;
}

function residentOf(stateDir: string): number {
  const resident = findResident(stateDir);
  if (resident === undefined) throw new Error('no process stands in the vault');
  return resident.pid;
}

/** Ids of all processes of the vault: the resident and its successor. */
function processesOf(stateDir: string): number[] {
  const pinned = statSync(`${stateDir}/vault/mnt`).ino;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => statSync(`/proc/${pid}/ns/mnt`, { throwIfNoEntry: false })?.ino === pinned);
}

async function eventually<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = performance.now() + 60_000; performance.now() < end; await delay(2)) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`not within a minute: ${what}`);
}

/** Makes the namespace of an endpoint, as a build does; returns the path of its lease and its inode. */
function make(vault: Vault, id: string): { path: string; inode: number } {
  using home = NetnsHandle.open();
  const { handle, inode } = vault.within(() => createNetns({ path: vault.mountPoint(id), home, act: () => null }));
  handle.close();
  return { path: publishPath(vault, id), inode };
}

t.test('a vault costs the host two mounts, whatever is mounted in it, and none when it has gone', async (t) => {
  const before = mounts();
  const stateDir = mkdtempSync('/run/vault-');
  await startVault(stateDir);
  const vault = Vault.open(stateDir);
  t.equal(mounts().length, before.length + 2);
  const made = Array.from({ length: 30 }, (_, i) => make(vault, `default-${i}`));
  t.equal(mounts().length, before.length + 2, 'thirty namespaces later');
  for (const { path, inode } of made) t.equal(statSync(path).ino, inode, path);
  t.same(new Map(made.map(({ inode }, i) => [`default-${i}`, inode])), vault.namespaces());
  vault.close();
  const processes = processesOf(stateDir);
  t.equal(processes.length, 2);
  await stopVault(stateDir);
  t.same(mounts(), before);
  t.same(readdirSync(stateDir), [], 'nothing is left in the state directory');
  for (const pid of processes) await eventually(`process ${pid} has ended`, () => !existsSync(`/proc/${pid}/root/ns`));
  await stopVault(stateDir);
  t.pass('stopping what is not there is no error');
});

t.test("its processes have no capability, and their root holds nothing but what is the vault's", async (t) => {
  const stateDir = await started(t);
  const pids = await eventually('two processes', () => processesOf(stateDir).length === 2 && processesOf(stateDir));
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const powers = [...status.matchAll(/^(Cap\w+|NoNewPrivs):\s*(\S+)$/gm)].map(([, name, value]) => [name, value]);
    const none = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) => [name, '0'.repeat(16)]);
    t.same(powers, [...none, ['NoNewPrivs', '1']]);
    const points = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[4]);
    t.same(points, ['/', '/proc']);
    t.same(readdirSync(`/proc/${pid}/root`).sort(), ['identity', 'netns', 'netnsd-vault', 'ns', 'proc', 'resident']);
    t.equal(readlinkSync(`/proc/${pid}/exe`), '/netnsd-vault', 'its program lies in the vault itself');
    t.equal(readlinkSync(`/proc/${pid}/cwd`), '/');
  }
});

t.test(
  'nothing of the host is pinned: a file system that was mounted at the start can be unmounted for good',
  async (t) => {
    const point = '/run/passing';
    mkdirSync(point);
    execaSync('mount', ['-t', 'tmpfs', 'passing', point]);
    writeFileSync(`${point}/file`, '');
    const device = statSync(point).dev;
    const stateDir = await started(t);
    using vault = Vault.open(stateDir);
    make(vault, 'default-1');
    // Not lazily: refused while anything uses it.
    execaSync('umount', [point]);
    const seen = readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(' passing ');
        } catch {
          return false;
        }
      });
    t.same(seen, [], 'it is mounted in no namespace');
    t.not(statSync(point).dev, device);
  },
);

t.test('a path is never the same twice, and leads nowhere once it is retracted', async (t) => {
  using vault = Vault.open(await started(t));
  const { path: first, inode } = make(vault, 'my-pool-7');
  const paths = new LeasePaths(vault);
  const second = paths.renew('my-pool-7');
  t.not(second, first);
  t.notOk(existsSync(first), 'the one before is gone');
  t.equal(statSync(second).ino, inode);
  paths.retract('my-pool-7');
  t.notOk(existsSync(second));
  paths.retract('my-pool-7');
  t.equal(statSync(vault.pathOf('my-pool-7')).ino, inode, 'the namespace stays');
  vault.within(() => removeNetns(vault.mountPoint('my-pool-7')));
  t.notOk(existsSync(vault.pathOf('my-pool-7')));
});

t.test('what version 0.1 mounted in the host is taken over, with the paths that it had', async (t) => {
  const folder = `/run/former-${process.pid}`;
  mkdirSync(folder);
  execaSync('mount', ['--bind', folder, folder]);
  execaSync('mount', ['--make-private', folder]);
  for (const name of ['ndabcd-default-1', 'ndabcd-default-2', 'other']) {
    writeFileSync(`${folder}/${name}`, '');
    execaSync('unshare', [`--net=${folder}/${name}`, 'true']);
  }
  const inodes = ['ndabcd-default-1', 'ndabcd-default-2'].map((name) => statSync(`${folder}/${name}`).ino);
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  for (let time = 0; time < 2; time++) {
    takeOverMounts(vault, { folder, prefix: 'ndabcd-' });
    t.same(mountsBelow(folder), [folder, `${folder}/other`], 'the mount of another stays');
    t.same([...vault.namespaces()].sort(), [
      ['default-1', inodes[0]],
      ['default-2', inodes[1]],
    ]);
  }
  t.equal(statSync(`${stateDir}/netns/ndabcd-default-2`).ino, inodes[1]);
  const paths = new LeasePaths(vault);
  paths.retract('default-2');
  t.notOk(existsSync(`${stateDir}/netns/ndabcd-default-2`));
  execaSync('umount', [`${folder}/other`]);
  execaSync('rm', [`${folder}/other`]);
  takeOverMounts(vault, { folder, prefix: 'ndabcd-' });
  t.same(mountsBelow(folder), []);
  t.notOk(existsSync(folder), 'the folder goes with the last of it');
});

t.test('a folder of version 0.1 in the place of the link is left until it is taken over', async (t) => {
  const stateDir = mkdtempSync('/run/vault-');
  mkdirSync(`${stateDir}/netns`);
  await startVault(stateDir);
  t.teardown(() => stopVault(stateDir));
  t.equal(findResident(stateDir), undefined);
  execaSync('rmdir', [`${stateDir}/netns`]);
  await startVault(stateDir);
  t.ok(findResident(stateDir));
  await eventually('two processes, and no more', () => processesOf(stateDir).length === 2);
});

t.test('when the resident is killed, its successor takes its place and paths stay valid', async (t) => {
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  const { path, inode } = make(vault, 'default-1');
  for (let round = 0; round < 10; round++) {
    const pid = residentOf(stateDir);
    await eventually('it has a successor', () => processesOf(stateDir).length === 2);
    process.kill(pid, 'SIGKILL');
    const next = await eventually('another resident', () => {
      const found = findResident(stateDir)?.pid;
      return found !== pid && found;
    });
    t.equal(readlinkSync(`${stateDir}/netns`), `/proc/${next}/root/netns`);
    t.equal(statSync(path).ino, inode);
  }
});

t.test('when the successor is killed, there is another one', async (t) => {
  const stateDir = await started(t);
  const resident = residentOf(stateDir);
  const [successor] = await eventually('a successor', () => {
    const others = processesOf(stateDir).filter((pid) => pid !== resident);
    return others.length === 1 && others;
  });
  process.kill(successor as number, 'SIGKILL');
  await eventually('another successor', () =>
    processesOf(stateDir).some((pid) => pid !== resident && pid !== successor),
  );
  t.equal(residentOf(stateDir), resident);
});

t.test('when both are killed, the next one enters the pinned namespace, and nothing is lost', async (t) => {
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  const { path, inode } = make(vault, 'default-1');
  const resident = residentOf(stateDir);
  process.kill(-resident, 'SIGKILL');
  await eventually('both have ended', () => processesOf(stateDir).length === 0);
  t.equal(findResident(stateDir), undefined);
  t.notOk(existsSync(path), 'the path leads nowhere');
  t.equal(statSync(vault.pathOf('default-1')).ino, inode, 'the daemon has it all the same');
  const other = make(vault, 'default-2');
  await startVault(stateDir);
  t.equal(statSync(path).ino, inode);
  t.equal(statSync(other.path).ino, other.inode, 'what was made meanwhile as well');
  t.not(residentOf(stateDir), resident);
});

t.test('many starts at once leave one resident and one successor', async (t) => {
  const stateDir = await started(t);
  process.kill(-residentOf(stateDir), 'SIGKILL');
  await eventually('both have ended', () => processesOf(stateDir).length === 0);
  await Promise.all(Array.from({ length: 8 }, () => startVault(stateDir)));
  const resident = residentOf(stateDir);
  await eventually('two processes', () => processesOf(stateDir).length === 2);
  t.ok(processesOf(stateDir).includes(resident));
});

t.test('a link that was removed is made again', async (t) => {
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  const { path } = make(vault, 'default-1');
  const resident = residentOf(stateDir);
  execaSync('rm', [`${stateDir}/netns`]);
  await startVault(stateDir);
  t.equal(residentOf(stateDir), resident, 'by the resident that there was');
  t.ok(existsSync(path));
});

/** A process with the number `pid`, by what the kernel gives next; undefined where it did not come out so. */
async function processWithNumber(pid: number, root: string): Promise<number | undefined> {
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
  const planted = execa('chroot', [root, '/busybox', 'sleep', '600'], { reject: false });
  t.teardown(() => planted.kill('SIGKILL'));
  return planted.pid;
}

function plantedRoot(name: string): string {
  const root = mkdtempSync('/run/planted-');
  execaSync('cp', ['/bin/busybox', root]);
  mkdirSync(`${root}/netns`);
  writeFileSync(`${root}/netns/${name}`, 'not a namespace of netnsd');
  return root;
}

t.test('the number of a killed resident is given to no other process while its successor lives', async (t) => {
  const stateDir = await started(t);
  const resident = residentOf(stateDir);
  const [successor] = await eventually('a successor', () => {
    const others = processesOf(stateDir).filter((pid) => pid !== resident);
    return others.length === 1 && others;
  });
  // Stopped, it cannot take the place: the time between the two is as long as this test wants it.
  process.kill(successor as number, 'SIGSTOP');
  process.kill(resident, 'SIGKILL');
  await eventually('the resident has ended', () => !existsSync(`/proc/${resident}`));
  t.not(await processWithNumber(resident, plantedRoot('x')), resident);
  t.equal(readlinkSync(`${stateDir}/netns`), `/proc/${resident}/root/netns`, 'the link still names it');
  t.notOk(existsSync(`${stateDir}/netns`), 'and leads nowhere');
  process.kill(successor as number, 'SIGCONT');
  t.equal(await eventually('the successor is the resident', () => findResident(stateDir)?.pid), successor);
});

t.test('a process that bears the number of a vault that was killed as a whole is not taken for it', async (t) => {
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  const { path, inode } = make(vault, 'default-1');
  const resident = residentOf(stateDir);
  process.kill(-resident, 'SIGKILL');
  await eventually('both have ended', () => !existsSync(`/proc/${resident}`) && processesOf(stateDir).length === 0);
  const root = plantedRoot(path.split('/').at(-1) as string);
  t.equal(await processWithNumber(resident, root), resident, 'planted');
  await eventually('the planted process stands in its root', () => existsSync(path));
  t.equal(findResident(stateDir), undefined, 'it is seen through');
  await startVault(stateDir);
  t.not(residentOf(stateDir), resident);
  t.equal(statSync(path).ino, inode, 'the path leads to the namespace again');
});

t.test(
  'the mount namespace of another vault is not entered, although it is pinned in the state directory',
  async (t) => {
    const [stateDir, other] = [await started(t), await started(t)];
    await stopVault(stateDir);
    mkdirSync(`${stateDir}/vault`);
    closeSync(openSync(`${stateDir}/vault/mnt`, 'w'));
    execaSync('mount', ['--bind', `${other}/vault/mnt`, `${stateDir}/vault/mnt`]);
    await t.rejects(startVault(stateDir), {
      code: 'kernel_error',
      message: /is not this state directory's: unmount it/,
    });
    t.notOk(existsSync(`${stateDir}/netns`));
    t.ok(findResident(other), 'the other one is as it was');
    execaSync('umount', [`${stateDir}/vault/mnt`]);
  },
);

t.test('a path is found from another mount namespace', async (t) => {
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  const { path, inode } = make(vault, 'default-1');
  const look = ['readlink', '/proc/self/ns/net'];
  t.equal(execaSync('nsenter', [`--net=${path}`, ...look]).stdout, `net:[${inode}]`);
  const apart = ['--mount', '--propagation', 'private', 'nsenter', `--net=${path}`, ...look];
  t.equal(execaSync('unshare', apart).stdout, `net:[${inode}]`);
});
