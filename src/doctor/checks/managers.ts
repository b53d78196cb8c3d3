import { globMatches } from '../glob.js';
import { LINK_PATTERN, type OurLink, ourLinks } from '../our-links.js';
import { type Check, ok, warn } from '../outcome.js';

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
      `echo 'denyinterfaces ${LINK_PATTERN}' >> /etc/dhcpcd.conf && systemctl restart dhcpcd`,
    );
  },
};
