import { gunzipSync } from 'node:zlib';
import type { HostFiles } from './host-files.js';

/** `loadable`: a module that the kernel loads on first use. */
export type CodeState = 'builtin' | 'loaded' | 'loadable' | 'absent' | 'unknown';

/**
 * Whether the kernel has a piece of code. Reads its configuration, kbuild's list of built-in modules and the modules that are
 * loaded or installed; a request to the kernel could load the module.
 */
export function codeState(
  files: HostFiles,
  kernel: string,
  { module, option }: { module: string; option: string },
): CodeState {
  const folder = `/lib/modules/${kernel}`;
  const builtin = files.text(`${folder}/modules.builtin`);
  const setting = kernelOption(files, kernel, option);
  if (setting === 'y' || (builtin !== undefined && hasModule(builtin, module))) return 'builtin';
  const loaded = files.text('/proc/modules')?.split('\n') ?? [];
  if (loaded.some((line) => line.startsWith(`${module} `))) return 'loaded';
  const installed = files.text(`${folder}/modules.dep`);
  if (setting === 'n') return 'absent';
  if (installed !== undefined && hasModule(installed.replace(/:.*$/gm, ''), module)) return 'loadable';
  return installed === undefined && setting === undefined ? 'unknown' : 'absent';
}

/** `CONFIG_VETH` as y, m or n; undefined if the kernel's configuration cannot be read. */
export function kernelOption(files: HostFiles, kernel: string, option: string): 'y' | 'm' | 'n' | undefined {
  const zipped = files.bytes('/proc/config.gz');
  const text =
    zipped === undefined
      ? (files.text(`/boot/config-${kernel}`) ?? files.text(`/lib/modules/${kernel}/config`))
      : gunzipSync(zipped).toString('latin1');
  if (text === undefined) return undefined;
  return (new RegExp(`^${option}=([ym])$`, 'm').exec(text)?.[1] as 'y' | 'm' | undefined) ?? 'n';
}

/** Paths one a line; a file's name has `-` where the module's has `_`. */
function hasModule(list: string, module: string): boolean {
  return list.split('\n').some((line) => {
    const file = line.slice(line.lastIndexOf('/') + 1).replace(/\.ko(\.\w+)?$/, '');
    return file.replaceAll('-', '_') === module;
  });
}
