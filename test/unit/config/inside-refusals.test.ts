import t from 'tap';
import { parseConfig } from '../../../src/config/read.js';

const CASES: [title: string, source: string, message: string][] = [
  [
    'the interface name "lo"',
    '[pools.default]\ninterface = "lo"',
    'f.toml:2: pools.default.interface: found "lo", allowed: 1 to 15 letters, digits, `_`, `-` and `.`, beginning with a letter or digit; not `lo`, `all` or `default`',
  ],
  [
    'the interface name "a/b"',
    '[pools.default]\ninterface = "a/b"',
    'f.toml:2: pools.default.interface: found "a/b", allowed: 1 to 15 letters, digits, `_`, `-` and `.`, beginning with a letter or digit; not `lo`, `all` or `default`',
  ],
  [
    'the interface name "a b"',
    '[pools.default]\ninterface = "a b"',
    'f.toml:2: pools.default.interface: found "a b", allowed: 1 to 15 letters, digits, `_`, `-` and `.`, beginning with a letter or digit; not `lo`, `all` or `default`',
  ],
  [
    'the interface name ""',
    '[pools.default]\ninterface = ""',
    'f.toml:2: pools.default.interface: found "", allowed: 1 to 15 letters, digits, `_`, `-` and `.`, beginning with a letter or digit; not `lo`, `all` or `default`',
  ],
  [
    'the interface name "sixteen-letters1"',
    '[pools.default]\ninterface = "sixteen-letters1"',
    'f.toml:2: pools.default.interface: found "sixteen-letters1", allowed: 1 to 15 letters, digits, `_`, `-` and `.`, beginning with a letter or digit; not `lo`, `all` or `default`',
  ],
  [
    'the interface name "all"',
    '[pools.default]\ninterface = "all"',
    'f.toml:2: pools.default.interface: found "all", allowed: 1 to 15 letters, digits, `_`, `-` and `.`, beginning with a letter or digit; not `lo`, `all` or `default`',
  ],
  [
    'a route without a gateway',
    '[pools.default]\nroutes = ["10.9.0.0/16"]',
    'f.toml:2: pools.default.routes: found ["10.9.0.0/16"] (not of this form), allowed: an array of at most 32 networks with gateways of the pool\'s own network, such as ["10.9.0.0/16 via 10.213.0.5"]',
  ],
  [
    'another default route',
    '[pools.default]\nroutes = ["0.0.0.0/0 via 10.213.0.5"]',
    'f.toml:2: pools.default.routes: found ["0.0.0.0/0 via 10.213.0.5"] (a pool\'s default route leads to its gateway), allowed: an array of at most 32 networks with gateways of the pool\'s own network, such as ["10.9.0.0/16 via 10.213.0.5"]',
  ],
  [
    'a route of two families',
    '[pools.default]\nroutes = ["10.9.0.0/16 via fd00::1"]',
    'f.toml:2: pools.default.routes: found ["10.9.0.0/16 via fd00::1"] ("fd00::1" is no IPv4 address), allowed: an array of at most 32 networks with gateways of the pool\'s own network, such as ["10.9.0.0/16 via 10.213.0.5"]',
  ],
  [
    'a gateway elsewhere',
    '[pools.default]\nroutes = ["10.9.0.0/16 via 10.9.0.1"]',
    'f.toml:2: pools.default.routes: 10.9.0.0/16 via 10.9.0.1: the gateway is no address of 10.213.0.0/16',
  ],
  [
    'a route to a part of the pool',
    '[pools.default]\nroutes = ["10.213.9.0/24 via 10.213.0.1"]',
    'f.toml:2: pools.default.routes: 10.213.9.0/24 via 10.213.0.1: the destination is a part of 10.213.0.0/16, which containers reach without a route',
  ],
  [
    'a route of IPv6 without a subnet6',
    '[pools.default]\nroutes = ["fd00:9::/64 via fd00:213::5"]',
    'f.toml:2: pools.default.routes: fd00:9::/64 via fd00:213::5: the pool has no subnet6',
  ],
  [
    'a gateway of IPv6 elsewhere',
    '[pools.default]\nsubnet6 = "fd00:213::/64"\nroutes = ["fd00:9::/64 via fd00:214::5"]',
    'f.toml:3: pools.default.routes: fd00:9::/64 via fd00:214::5: the gateway is no address of fd00:213::/64',
  ],
  [
    'a destination that stands there twice',
    '[pools.default]\nroutes = ["10.9.0.0/16 via 10.213.0.5", "10.9.0.0/16 via 10.213.0.6"]',
    'f.toml:2: pools.default.routes: 10.9.0.0/16 stands there twice',
  ],
  [
    'a route by a container that no other one reaches',
    '[pools.default]\nisolation = "full"\nroutes = ["10.9.0.0/16 via 10.213.0.5"]',
    'f.toml:3: pools.default.routes: 10.9.0.0/16 via 10.213.0.5: with isolation = "full" a container reaches no other one: set one or the other',
  ],
  [
    'a sysctl that is none of the network',
    '[pools.default.sysctls]\n"kernel.shmmax" = 1',
    'f.toml:2: pools.default.sysctls."kernel.shmmax": no sysctl of a network namespace, allowed: names such as "net.core.somaxconn"',
  ],
  [
    'a sysctl that leads elsewhere',
    '[pools.default.sysctls]\n"net/../kernel/shmmax" = 1',
    'f.toml:2: pools.default.sysctls."net/../kernel/shmmax": no sysctl of a network namespace, allowed: names such as "net.core.somaxconn"',
  ],
  [
    'a sysctl that netnsd sets',
    '[pools.default.sysctls]\nnet.ipv6.conf.all.accept_ra = 1',
    'f.toml:2: pools.default.sysctls.net.ipv6.conf.all.accept_ra: set by netnsd',
  ],
  [
    'a sysctl that is no number',
    '[pools.default.sysctls]\nnet.core.somaxconn = true',
    'f.toml:2: pools.default.sysctls.net.core.somaxconn: found true, allowed: an integer, or a string of at most 200 characters on one line, such as 1024 or "4096 131072 6291456"',
  ],
  [
    'a sysctl that is set twice',
    '[pools.default.sysctls]\nnet.core.somaxconn = 1\n"net.core.somaxconn" = 2',
    'f.toml:3: pools.default.sysctls."net.core.somaxconn": net.core.somaxconn stands there twice',
  ],
  [
    'a pool of IPv6 without IPv6',
    '[pools.default]\nsubnet6 = "fd00:213::/64"\nsysctls."net.ipv6.conf.all.disable_ipv6" = 1',
    'f.toml:3: pools.default.sysctls."net.ipv6.conf.all.disable_ipv6": the pool has a subnet6',
  ],
];

for (const [title, source, message] of CASES)
  t.test(`${title} is refused in one line that says where, what was found and what is allowed`, async (t) => {
    t.throws(() => parseConfig({ source, file: 'f.toml' }), { code: 'config_invalid', message });
  });
