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
import { execaSync } from 'execa';
import t from 'tap';
import { takeOverMounts } from '../../src/kernel/netns/former-mounts.js';
import { LeasePaths } from '../../src/kernel/netns/lease-paths.js';
import { removeNetns } from '../../src/kernel/netns/netns.js';
import { Vault } from '../../src/kernel/netns/vault.js';
import { findResident, startVault, stopVault, VAULT_PROGRAM } from '../../src/kernel/netns/vault-program.js';
import { assertSandbox } from '../guard.js';
import { mountsBelow } from '../runtime/eye.js';
import { eventually, make, processesOf, started } from './vault-stage.js';

assertSandbox();

const mounts = (): string[] => readFileSync('/proc/thread-self/mountinfo', 'utf8').trimEnd().split('\n');

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

t.test('a start from a younger mount namespace is refused or goes on with the same vault', async (t) => {
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  const { path, inode } = make(vault, 'default-1');
  const apart = ['--mount', '--propagation', 'private', VAULT_PROGRAM, 'start', stateDir];
  // Which of the two follows from the numbers that the kernel gave to the mount namespaces.
  const { exitCode, stderr } = execaSync('unshare', apart, { reject: false });
  if (exitCode !== 0)
    t.match(stderr, /cannot use the vault of \S+ from this mount namespace: run netnsd in the one in/);
  t.equal(statSync(path).ino, inode, 'nothing is lost');
  await startVault(stateDir);
  t.equal(statSync(path).ino, inode, 'where it was pinned, all goes on');
});

t.test('a pin that was unmounted is made again, with what is mounted in the vault', async (t) => {
  const stateDir = await started(t);
  using vault = Vault.open(stateDir);
  const { path, inode } = make(vault, 'default-1');
  execaSync('umount', ['--lazy', `${stateDir}/vault/mnt`]);
  await startVault(stateDir);
  t.equal(statSync(path).ino, inode);
  t.ok(findResident(stateDir));
});

t.test('a vault of the same path in another mount namespace is left alone', async (t) => {
  const stateDir = await started(t);
  await eventually('both processes stand', () => processesOf(stateDir).length === 2);
  const before = processesOf(stateDir);
  const script = `mount -t tmpfs t ${stateDir} && ${VAULT_PROGRAM} start ${stateDir} && ${VAULT_PROGRAM} stop ${stateDir}`;
  execaSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]);
  t.same(processesOf(stateDir), before);
});
