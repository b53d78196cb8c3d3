import { globMatches } from '../glob.js';
import type { HostFiles } from '../host-files.js';
import { LINK_PATTERNS, type OurLink, ourLinks } from '../our-links.js';
import { type Check, ok, warn } from '../outcome.js';
import { entriesOf } from '../systemd-files.js';

export const NETWORK_MANAGER: Check = {
  group: 'link managers',
  name: 'NetworkManager',
  what: '`unmanaged-devices` of NetworkManager, if it is running',
  why: 'it manages every link that comes up; its udev rule exempts veth pairs, but not bridges',
  repair: 'list the links in a file of conf.d',
  run({ running, files, ...machine }) {
    if (!running.has('NetworkManager')) return ok('NetworkManager is not running');
    const specs = unmanagedDevices(files);
    const managed = ourLinks(machine).filter((link) => link.kind === 'bridge' && !isUnmanaged(specs, link));
    if (managed.length === 0) return ok("NetworkManager does not manage netnsd's links");
    const unmanaged = LINK_PATTERNS.map((pattern) => `interface-name:${pattern}`).join(';');
    return warn(
      `NetworkManager manages bridges such as ${managed[0]?.name}`,
      `printf '[keyfile]\\nunmanaged-devices+=${unmanaged}\\n' > /etc/NetworkManager/conf.d/90-netnsd.conf`,
      'systemctl reload NetworkManager',
    );
  },
};

/** Later files take precedence; NetworkManager.conf(5). */
function unmanagedDevices(files: HostFiles): string[] {
  const inFolder = (folder: string): string[] =>
    files
      .names(folder)
      .filter((name) => name.endsWith('.conf'))
      .map((name) => `${folder}/${name}`);
  const paths = [
    ...inFolder('/usr/lib/NetworkManager/conf.d'),
    ...inFolder('/run/NetworkManager/conf.d'),
    '/etc/NetworkManager/NetworkManager.conf',
    ...inFolder('/etc/NetworkManager/conf.d'),
  ];
  let specs: string[] = [];
  for (const [section, key, value] of paths.flatMap((path) => entriesOf(files.text(path) ?? ''))) {
    const listed = value.split(/[;,]/).map((spec) => spec.trim());
    if (section === 'keyfile' && key === 'unmanaged-devices') specs = listed;
    if (section === 'keyfile' && key === 'unmanaged-devices+') specs = [...specs, ...listed];
  }
  return specs;
}

function isUnmanaged(specs: readonly string[], link: OurLink): boolean {
  const fits = (spec: string): boolean => {
    const [, key = 'interface-name', value = spec] = /^(interface-name|type|driver|mac):(.*)$/.exec(spec) ?? [];
    if (key === 'interface-name')
      return value.startsWith('=') ? value.slice(1) === link.name : globMatches(value, link.name);
    if (key === 'mac') return value.toLowerCase() === link.mac;
    return globMatches(value, link.kind);
  };
  const excepted = specs.some((spec) => spec.startsWith('except:') && fits(spec.slice('except:'.length)));
  return !excepted && specs.some((spec) => !spec.startsWith('except:') && fits(spec));
}

export const IFUPDOWN: Check = {
  group: 'link managers',
  name: 'ifupdown',
  what: "/etc/network/interfaces and interfaces.d: `auto`, `allow-hotplug` and `iface` that match a link of netnsd's",
  why: 'ifup would configure them when they appear',
  repair: 'a narrower pattern',
  run({ files, ...machine }) {
    const folder = '/etc/network/interfaces.d';
    const paths = ['/etc/network/interfaces', ...files.names(folder).map((name) => `${folder}/${name}`)];
    const taken = paths.flatMap((path) =>
      (files.text(path) ?? '').split('\n').flatMap((line) => {
        const [word = '', ...names] = line.trim().split(/\s+/);
        if (!/^(auto|iface|allow-\w+)$/.test(word)) return [];
        const patterns = (word === 'iface' ? names.slice(0, 1) : names).map((name) => name.replace(/^\/|=.*$/g, ''));
        return ourLinks(machine).some(({ name }) => patterns.some((pattern) => globMatches(pattern, name)))
          ? [{ path, line: line.trim() }]
          : [];
      }),
    );
    if (taken.length === 0) return ok("ifupdown does not name netnsd's links");
    return taken.map(({ path, line }) =>
      warn(`${path} matches netnsd's links: ${line}`, 'name the links that you mean, such as /en* or /eth*'),
    );
  },
};

export const DHCPCD: Check = {
  group: 'link managers',
  name: 'dhcpcd',
  what: '`denyinterfaces` and `allowinterfaces` of /etc/dhcpcd.conf, if dhcpcd is running',
  why: 'it requests an address on every link, assigns one of 169.254/16 if there is no answer, and may move the default route there',
  repair: 'deny the links',
  run({ running, files, ...machine }) {
    if (!running.has('dhcpcd')) return ok('dhcpcd is not running');
    const settings = (files.text('/etc/dhcpcd.conf') ?? '').split('\n').map((line) => line.trim().split(/[\s,]+/));
    const patternsOf = (word: string): string[] =>
      settings.filter(([first]) => first === word).flatMap(([, ...rest]) => rest);
    const fits = (patterns: readonly string[], { name }: OurLink) =>
      patterns.some((pattern) => globMatches(pattern, name));
    const [denied, allowed] = [patternsOf('denyinterfaces'), patternsOf('allowinterfaces')];
    const taken = ourLinks(machine).filter(
      (link) => !fits(denied, link) && (allowed.length === 0 || fits(allowed, link)),
    );
    if (taken.length === 0) return ok("dhcpcd does not manage netnsd's links");
    return warn(
      `dhcpcd configures links such as ${taken.map(({ name }) => name).join(' and ')}`,
      `echo 'denyinterfaces ${LINK_PATTERNS.join(' ')}' >> /etc/dhcpcd.conf && systemctl restart dhcpcd`,
    );
  },
};
