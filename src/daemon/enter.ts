import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { hubName, ROOT } from '../endpoint/hub/hub-names.js';
import { NetnsdError } from '../errors.js';
import { isNotFound } from '../kernel/errno.js';
import { closeFd, enterNetns, keepAcrossExec, openFd, replaceProcess } from '../kernel/libc.js';
import { Vault } from '../kernel/netns/vault.js';
import { assertPrivileged } from './privileges.js';

/** What is entered: the namespace at a path, of an endpoint, or of a hub (`POOL` or `POOL.N`). */
export type EnterTarget = { readonly path: string } | { readonly endpoint: string } | { readonly hub: string };

/**
 * Becomes a program inside a network namespace of the daemon's, whether it runs or not. All else stays as it is: files, processes,
 * environment, working directory. (`nsenter --net=… COMMAND`.) Returns only by throwing missing_privilege, endpoint_not_found,
 * not_found and kernel_error.
 */
export async function enter(options: {
  stateDir: string;
  target: EnterTarget;
  command: readonly [string, ...string[]];
}): Promise<never> {
  assertPrivileged();
  const { stateDir, target, command } = options;
  const fd = openTarget(stateDir, target);
  enterNetns(fd);
  closeFd(fd);
  // Node.js has marked every descriptor that it inherited to be closed.
  for (const stream of [0, 1, 2]) keepAcrossExec(stream);
  replaceProcess({ path: findProgram(command[0]), argv: command, env: process.env });
  throw new NetnsdError('internal', `${command[0]} was not executed`);
}

function openTarget(stateDir: string, target: EnterTarget): number {
  if ('path' in target) return openFd(target.path);
  // The vault is entered and left, which leads to the root of the file system.
  const folder = process.cwd();
  using vault = openVault(stateDir);
  process.chdir(folder);
  if ('endpoint' in target) {
    const { endpoint } = target;
    if (vault.namespaces().get(endpoint) === undefined)
      throw new NetnsdError('endpoint_not_found', `there is no endpoint ${endpoint} in ${stateDir}`);
    return openFd(vault.pathOf(endpoint));
  }
  return openFd(vault.hubPath(hubOf(target.hub, [...vault.hubs().keys()])));
}

function openVault(stateDir: string): Vault {
  try {
    return Vault.open(stateDir);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const message = `there is no vault in ${stateDir}: no daemon has run with this state directory`;
    throw new NetnsdError('not_found', message, { cause: error });
  }
}

/** `POOL` is the hub that has the pool's uplink to the host. */
function hubOf(name: string, hubs: readonly string[]): string {
  const found = [name, hubName(name, ROOT), hubName(name, 0)].find((one) => hubs.includes(one));
  if (found !== undefined) return found;
  const known = hubs.length === 0 ? 'there is none' : `there are ${hubs.map((one) => `hub:${one}`).join(', ')}`;
  throw new NetnsdError('not_found', `there is no hub ${name}; ${known}`);
}

/** As execvp(3) finds it. */
function findProgram(name: string): string {
  if (name.includes('/')) return name;
  const paths = (process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin')
    .split(delimiter)
    .map((folder) => join(folder, name));
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new NetnsdError('missing_tool', `there is no program ${name} in PATH`);
  return found;
}
