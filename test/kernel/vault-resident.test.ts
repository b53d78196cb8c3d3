import { existsSync, mkdirSync, mkdtempSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t from 'tap';
import { Vault } from '../../src/kernel/netns/vault.js';
import { findResident, startVault } from '../../src/kernel/netns/vault-program.js';
import { assertSandbox } from '../guard.js';
import { eventually, make, processesOf, started } from './vault-stage.js';

assertSandbox();

function residentOf(stateDir: string): number {
  const resident = findResident(stateDir);
  if (resident === undefined) throw new Error('no process stands in the vault');
  return resident.pid;
}

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
