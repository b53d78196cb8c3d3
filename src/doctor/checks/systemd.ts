import { globMatches } from '../glob.js';
import type { HostFiles } from '../host-files.js';
import { LINK_PATTERN, type OurLink, ourLinks } from '../our-links.js';
import { type Check, fail, ok } from '../outcome.js';
import { systemdFiles } from '../systemd-files.js';

/** Names of processes have 15 characters at the most. */
const NETWORKD = 'systemd-network';

export const NETWORKD_FILES: Check = {
  group: 'link managers',
  name: 'systemd-networkd',
  what: "the first .network file that matches a link of netnsd's, drop-ins included",
  why: 'networkd removes addresses and routes from a link that it manages',
  repair: 'an earlier file with `Unmanaged=yes`',
  run(machine) {
    if (!machine.running.has(NETWORKD)) return ok('systemd-networkd is not running');
    const all = systemdFiles(machine.files, '.network');
    const taken = ourLinks(machine).flatMap((link) => {
      const file = all.find((one) => one.matches(link));
      return file === undefined || isYes(file.value('Link', 'Unmanaged')) ? [] : [{ file, link }];
    });
    if (taken.length === 0) return ok("systemd-networkd does not manage netnsd's links");
    return taken.map(({ file, link }) =>
      fail(
        `${file.path} makes systemd-networkd manage links such as ${link.name}`,
        `printf '[Match]\\nName=${LINK_PATTERN}\\n[Link]\\nUnmanaged=yes\\n' > /etc/systemd/network/05-netnsd.network`,
        'networkctl reload',
      ),
    );
  },
};

export const LINK_FILES: Check = {
  group: 'link managers',
  name: 'udev-link-files',
  what: "the first .link file that matches a link of netnsd's, if udev is running",
  why: 'it may set another name, MAC or MTU. `MACAddressPolicy=`, as in 99-default.link, is harmless: netnsd sets the MAC in the request that makes the link, which udev respects; so is `NamePolicy=keep`',
  repair: 'an earlier file that changes nothing',
  run(machine) {
    if (!udevRuns(machine)) return ok('udev is not running');
    const all = systemdFiles(machine.files, '.link');
    const taken = ourLinks(machine).flatMap((link) => {
      const file = all.find((one) => one.matches(link));
      const keepsName = file?.value('Link', 'NamePolicy')?.split(/\s+/).includes('keep') ?? false;
      const changes = ['MACAddress', 'MTUBytes', ...(keepsName ? [] : ['Name'])].filter((key) =>
        file?.value('Link', key),
      );
      return file === undefined || changes.length === 0 ? [] : [{ file, link, changes }];
    });
    if (taken.length === 0) return ok("no .link file changes netnsd's links");
    return taken.map(({ file, link, changes }) =>
      fail(
        `${file.path} sets ${changes.join(' and ')} of links such as ${link.name}`,
        `printf '[Match]\\nOriginalName=${LINK_PATTERN}\\n[Link]\\nNamePolicy=keep\\nMACAddressPolicy=none\\n' > /etc/systemd/network/05-netnsd.link`,
      ),
    );
  },
};

/** Rules of administrators; those of packages are below /usr/lib. */
const RULE_FOLDERS = ['/etc/udev/rules.d', '/run/udev/rules.d'];

export const UDEV_RULES: Check = {
  group: 'link managers',
  name: 'udev-rules',
  what: 'rules in /etc/udev/rules.d and /run/udev/rules.d that rename links (`NAME=`), if udev is running',
  why: 'netnsd finds its links by name',
  repair: "a condition that excludes netnsd's links",
  run(machine) {
    if (!udevRuns(machine)) return ok('udev is not running');
    const links = ourLinks(machine);
    const renaming = RULE_FOLDERS.flatMap((folder) =>
      machine.files
        .names(folder)
        .filter((name) => name.endsWith('.rules'))
        .flatMap((name) => renamingRules(machine.files, `${folder}/${name}`, links)),
    );
    if (renaming.length === 0) return ok("no udev rule renames netnsd's links");
    return renaming.map(({ path, rule, link }) =>
      fail(`${path} renames links such as ${link.name}: ${rule}`, 'add to that rule: KERNEL!="nd????-*|nb????-*"'),
    );
  },
};

function udevRuns({ running }: { running: ReadonlySet<string> }): boolean {
  return running.has('systemd-udevd') || running.has('udevd');
}

function renamingRules(files: HostFiles, path: string, links: readonly OurLink[]) {
  const rules = (files.text(path) ?? '').replace(/\\\n/g, ' ').split('\n');
  return rules.flatMap((line) => {
    const rule = line.trim();
    if (rule.startsWith('#') || !/(^|[,\s])NAME\s*:?=\s*"/.test(rule)) return [];
    const link = links.find((one) => ruleFits(rule, one));
    return link === undefined ? [] : [{ path, rule, link }];
  });
}

/** Whether a rule's conditions match a link without a device; unknown conditions count as matching. */
function ruleFits(rule: string, link: OurLink): boolean {
  return [...rule.matchAll(/([A-Z]+)(?:\{([^}]*)\})?\s*(==|!=)\s*"([^"]*)"/g)].every(
    ([, key = '', name, sign, value = '']) => {
      const actual = conditionOf(key, name, link);
      return actual === undefined || value.split('|').some((glob) => globMatches(glob, actual)) === (sign === '==');
    },
  );
}

function conditionOf(key: string, name: string | undefined, link: OurLink): string | undefined {
  if (key === 'KERNEL' || (key === 'ENV' && name === 'INTERFACE')) return link.name;
  if (key === 'SUBSYSTEM') return 'net';
  if (key === 'ATTR' && name === 'address') return link.mac;
  if (key === 'ATTR' && name === 'type') return '1';
  if (key === 'ENV' && name === 'ID_NET_DRIVER') return link.kind;
  // Such a link has no device, and so no driver and no bus.
  return ['DRIVERS', 'KERNELS', 'SUBSYSTEMS', 'ATTRS', 'DRIVER'].includes(key) ? '' : undefined;
}

function isYes(value: string | undefined): boolean {
  return ['yes', 'true', '1', 'on', 'y', 't'].includes(value?.toLowerCase() ?? '');
}
