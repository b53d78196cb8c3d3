import { globMatches } from '../glob.js';
import type { HostFiles } from '../host-files.js';
import { LINK_PATTERNS, type OurLink, ourLinks } from '../our-links.js';
import { type Check, ok, warn } from '../outcome.js';
import { entriesOf } from '../systemd-files.js';

export const NETWORK_MANAGER: Check = {
  group: 'link managers',
  name: 'NetworkManager',
  what: '`unmanaged-devices` of NetworkManager, where it runs',
  why: 'it tries to take over every link that comes up; a rule of udev keeps it off veth pairs, and not off bridges',
  mend: 'name them in a file of conf.d',
  look({ running, files, ...machine }) {
    if (!running.has('NetworkManager')) return ok('NetworkManager does not run');
    const specs = unmanagedDevices(files);
    const managed = ourLinks(machine).filter((link) => link.kind === 'bridge' && !isUnmanaged(specs, link));
    if (managed.length === 0) return ok("NetworkManager leaves netnsd's links alone");
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
  what: "/etc/network/interfaces and interfaces.d: `auto`, `allow-hotplug` and `iface` that fit a link of netnsd's",
  why: 'ifup would configure them as they come',
  mend: 'a narrower pattern',
  look({ files, ...machine }) {
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
    if (taken.length === 0) return ok('ifupdown names none of them');
    return taken.map(({ path, line }) =>
      warn(`${path} fits netnsd's links: ${line}`, 'name the links that you mean, such as /en* or /eth*'),
    );
  },
};

export const DHCPCD: Check = {
  group: 'link managers',
  name: 'dhcpcd',
  what: '`denyinterfaces` and `allowinterfaces` of /etc/dhcpcd.conf, where dhcpcd runs',
  why: 'it asks for an address on every link, gives it one of 169.254/16 if nobody answers, and may move the default route there',
  mend: 'deny them',
  look({ running, files, ...machine }) {
    if (!running.has('dhcpcd')) return ok('dhcpcd does not run');
    const settings = (files.text('/etc/dhcpcd.conf') ?? '').split('\n').map((line) => line.trim().split(/[\s,]+/));
    const patternsOf = (word: string): string[] =>
      settings.filter(([first]) => first === word).flatMap(([, ...rest]) => rest);
    const fits = (patterns: readonly string[], { name }: OurLink) =>
      patterns.some((pattern) => globMatches(pattern, name));
    const [denied, allowed] = [patternsOf('denyinterfaces'), patternsOf('allowinterfaces')];
    const taken = ourLinks(machine).filter(
      (link) => !fits(denied, link) && (allowed.length === 0 || fits(allowed, link)),
    );
    if (taken.length === 0) return ok("dhcpcd leaves netnsd's links alone");
    return warn(
      `dhcpcd configures links such as ${taken.map(({ name }) => name).join(' and ')}`,
      `echo 'denyinterfaces ${LINK_PATTERNS.join(' ')}' >> /etc/dhcpcd.conf && systemctl restart dhcpcd`,
    );
  },
};
