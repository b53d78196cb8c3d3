import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { NEEDED_CAPABILITIES } from '../../src/kernel/process/capabilities.js';
import { directive, installedUnit } from './unit-file.js';

const PAGE = fileURLToPath(new URL('../../../docs/privileges.md', import.meta.url));

/** The unit as a file, with a program that is there. */
function unitFile(t: Test): string {
  const folder = t.testdir();
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/netnsd'), '#!/bin/sh\n');
  chmodSync(join(folder, 'bin/netnsd'), 0o755);
  const file = join(folder, 'netnsd.service');
  writeFileSync(file, installedUnit(folder));
  return file;
}

t.test('systemd finds nothing to complain of in the unit', async (t) => {
  const { stdout, stderr } = await execa('systemd-analyze', ['verify', unitFile(t)]);
  t.equal(stdout + stderr, '');
});

t.test('the exposure in docs/privileges.md is what systemd reckons', async (t) => {
  const { stdout } = await execa('systemd-analyze', ['security', '--offline=true', '--no-pager', unitFile(t)]);
  const level = /Overall exposure level for netnsd\.service: (\d+\.\d \w+)/.exec(stdout)?.[1] ?? 'none';
  t.match(readFileSync(PAGE, 'utf8'), `: ${level} 🙂\n`);
});

t.test('the unit comes up before what starts containers at boot', async (t) => {
  for (const engine of [
    'containerd',
    'crio',
    'docker',
    'podman',
    'podman-restart',
    'podman-auto-update',
    'kubelet',
    'k3s',
  ])
    t.ok(directive('Before').includes(`${engine}.service`), engine);
  // Those come before basic.target, which the unit comes after.
  t.notMatch(directive('Before').join(' '), /[.]socket/);
});

t.test('the unit bounds the daemon to the capabilities that it needs, so that it has nothing to drop', async (t) => {
  t.same(directive('CapabilityBoundingSet').sort(), Object.keys(NEEDED_CAPABILITIES).sort());
  t.same(directive('NoNewPrivileges'), ['yes']);
});

t.test(
  'the unit gives the daemon no mount namespace of its own, in which other processes would not see its namespaces',
  async (t) => {
    const words = readFileSync(unitFile(t), 'utf8').split('\n');
    const set = words.flatMap((line) => /^([A-Z]\w*)=/.exec(line)?.[1] ?? []);
    t.ok(set.length > 20);
    // Those of exec_needs_mount_namespace() in src/core/execute.c of systemd 252.
    const separating =
      /^(Private(Mounts|Tmp|Devices|IPC|Users)|Protect(System|Home|Proc|KernelTunables|KernelModules|KernelLogs|ControlGroups)|ProcSubset|Root\w+|MountFlags|MountAPIVFS|Read(Only|Write)Paths|(Inaccessible|Exec|NoExec)Paths|Bind(ReadOnly)?Paths|TemporaryFileSystem|DynamicUser|Mount(Images)?|ExtensionImages|ExtensionDirectories|LogNamespace|LoadCredential\w*|(State|Cache|Logs|Configuration)Directory)$/;
    t.same(
      set.filter((name) => separating.test(name)),
      [],
    );
  },
);

t.test('the unit starts a daemon that ended or hangs anew, and not for ever', async (t) => {
  for (const [name, value] of Object.entries({
    Type: 'notify',
    NotifyAccess: 'main',
    Restart: 'always',
    SuccessExitStatus: '130',
    TimeoutStartSec: '90',
    OOMPolicy: 'continue',
    WatchdogSec: '30',
    StartLimitIntervalSec: '60',
    StartLimitBurst: '5',
    RuntimeDirectoryPreserve: 'yes',
  })) {
    t.same(directive(name), [value], name);
  }
  t.same(directive('RestartPreventExitStatus'), ['130', 'SIGINT'], 'and not after netnsd down');
});
