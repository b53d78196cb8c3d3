import type { Test } from 'tap';
import { parseConfig } from '../../../src/config/read.js';
import { CHECKS } from '../../../src/doctor/checks.js';
import type { DaemonView } from '../../../src/doctor/daemon-view.js';
import { HostFiles } from '../../../src/doctor/host-files.js';
import type { Machine } from '../../../src/doctor/machine.js';
import type { Outcome } from '../../../src/doctor/outcome.js';

export const NO_DAEMON: DaemonView = { answers: false, forbidden: false, why: 'there is no socket /s' };

type Folder = { [name: string]: string | Folder | ReturnType<Test['fixture']> };

/** A machine with nothing on it but these files, by their paths; symlinks as `-> target`. */
export function machineOf(t: Test, files: Readonly<Record<string, string>> = {}, more: Partial<Machine> = {}): Machine {
  const top: Folder = {};
  for (const [path, text] of Object.entries(files)) {
    const parts = path.split('/').filter((part) => part !== '');
    let folder = top;
    for (const part of parts.slice(0, -1)) {
      folder[part] ??= {};
      folder = folder[part] as Folder;
    }
    const target = /^-> (.*)$/.exec(text)?.[1];
    folder[parts.at(-1) as string] = target === undefined ? text : t.fixture('symlink', target);
  }
  const config = parseConfig({ source: '', file: 'netnsd.toml' });
  return {
    files: new HostFiles(t.testdir(top as Parameters<Test['testdir']>[0])),
    euid: 0,
    node: 'v20.19.0',
    kernel: '6.18.1',
    path: '',
    place: { stateDir: '/run/netnsd', socketPath: '/run/netnsd/netnsd.sock', configPath: null },
    version: '0.1.0',
    site: { instanceId: 'df5c', identity: 'boot /df5c', stateDir: '/run/netnsd', netnsDir: null },
    running: new Set(),
    config: { ok: true, value: config },
    pools: [{ name: 'default', subnet: '10.213.0.0/16', max: 256 }],
    network: { ok: true, value: { links: [], addresses: [], routes: [] } },
    firewall: { ok: true, value: [] },
    trial: { outcome: 'built' },
    daemon: NO_DAEMON,
    ...more,
  };
}

/** What a check says, all of it. */
export function runCheck(name: string, machine: Machine): Outcome[] {
  const check = CHECKS.find((one) => one.name === name);
  if (check === undefined) throw new Error(`there is no check ${name}`);
  return [check.run(machine)].flat();
}

/** The one outcome of a check that says one thing. */
export function runOnce(name: string, machine: Machine): Outcome {
  const [outcome, ...others] = runCheck(name, machine);
  if (outcome === undefined || others.length > 0) throw new Error(`${name}: ${others.length + 1} outcomes`);
  return outcome;
}
