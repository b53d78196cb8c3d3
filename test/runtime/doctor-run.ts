import { execa } from 'execa';
import type { Test } from 'tap';
import type { DoctorReport } from '../../src/doctor/index.js';
import { PLAIN } from '../plain-node.js';
import type { Daemon } from './daemon.js';
import { links } from './eye.js';

export const MAIN = new URL('../../src/main.js', import.meta.url).pathname;

export async function doctor(daemon: Daemon, ...args: string[]): Promise<{ status: number | undefined; text: string }> {
  const where = ['--state-dir', daemon.stateDir, '--socket', daemon.socket, '--config', daemon.configFile];
  const { exitCode, stdout, stderr } = await execa(
    PLAIN[0],
    [...PLAIN.slice(1), process.execPath, MAIN, 'doctor', ...where, ...args],
    {
      reject: false,
    },
  );
  return { status: exitCode, text: stdout + stderr };
}

export async function report(daemon: Daemon, ...args: string[]): Promise<DoctorReport> {
  return JSON.parse((await doctor(daemon, '--json', ...args)).text) as DoctorReport;
}

/** What is told of one check: status and message. */
export async function told(daemon: Daemon, name: string): Promise<string[]> {
  const { checks } = await report(daemon);
  return checks.filter(({ check }) => check === name).map(({ status, message }) => `${status} ${message}`);
}

/** `sysctl -w`, undone with the test. */
export async function set(t: Test, name: string, value: number): Promise<void> {
  const path = `/proc/sys/${name}`;
  const { stdout: before } = await execa('cat', [path]);
  await execa('sh', ['-c', `echo ${value} > ${path}`]);
  t.teardown(() => execa('sh', ['-c', `[ ! -e ${path} ] || echo ${before} > ${path}`]));
}

export async function uplinkOf(): Promise<string> {
  const found = (await links()).find((link) => link.addr_info.some(({ local }) => local === '10.213.0.1'));
  if (found === undefined) throw new Error('there is no uplink');
  return found.ifname;
}
