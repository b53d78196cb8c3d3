import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseConfig } from '../../../src/config/read.js';
import { parseSubnetFile } from '../../../src/config/subnet-file.js';

/** As flannel writes it. */
const FLANNEL = `FLANNEL_NETWORK=10.244.0.0/16
FLANNEL_SUBNET=10.244.1.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
`;

t.test("the node's part of the cluster's network, by flannel's file", async (t) => {
  t.strictSame(parseSubnetFile(FLANNEL, 'f'), {
    subnet: '10.244.1.0/24',
    clusterNetworks: ['10.244.0.0/16'],
    mtuBytes: 1450,
    isMasqueraded: true,
  });
  t.strictSame(
    parseSubnetFile(
      '# comment\nexport FLANNEL_SUBNET="10.128.192.1/18"\nFLANNEL_NETWORK=10.0.0.0/8,172.16.9.0/12\n',
      'f',
    ),
    {
      subnet: '10.128.192.0/18',
      clusterNetworks: ['10.0.0.0/8', '172.16.0.0/12'],
      mtuBytes: null,
      isMasqueraded: null,
    },
  );
  for (const text of ['', 'FLANNEL_NETWORK=10.244.0.0/16', 'FLANNEL_IPV6_SUBNET=fc00::/64'])
    t.throws(() => parseSubnetFile(text, '/f'), { message: '/f has no line FLANNEL_SUBNET=ADDRESS/BITS' });
  for (const subnet of [
    '',
    '10.244.1.1',
    '10.244.1/24',
    '10.244.1.256/24',
    '10.244.1.1/33',
    'fd00::1/64',
    '1.1.1.1/24;x',
  ])
    t.throws(
      () => parseSubnetFile(`FLANNEL_SUBNET=${subnet}\n`, '/f'),
      { message: /^\/f: .*is no IPv4 network$/ },
      subnet,
    );
});

t.test('what the pool says goes before what the file says, and that before the defaults', async (t) => {
  const file = join(t.testdir(), 'subnet.env');
  const parse = (more: string) =>
    parseConfig({ source: `[pools.pods]\nsubnet_file = "${file}"\n${more}`, file: 'f.toml' }).pools[0];
  t.throws(() => parse(''), {
    message: `f.toml:2: pools.pods.subnet_file: ${file} does not exist (yet): the network of the cluster writes it`,
  });
  writeFileSync(file, FLANNEL);
  const except = ['10.244.0.0/16'];
  const read = { subnet: '10.244.1.0/24', subnetFile: file, mtuBytes: 1450, masqueradeExcept: except, max: 253 };
  t.match(parse(''), { ...read, masquerade: false });
  t.match(parse('mtu = 1400\nmasquerade = true\nmasquerade_except = ["10.0.0.0/8"]'), {
    ...read,
    mtuBytes: 1400,
    masquerade: true,
    masqueradeExcept: ['10.0.0.0/8'],
  });
  t.match(parse('subnet = "10.9.0.0/24"'), { subnet: '10.9.0.0/24', mtuBytes: 1450 });
  writeFileSync(file, FLANNEL.replace('true', 'false'));
  t.match(parse(''), { masquerade: true });
  writeFileSync(file, 'FLANNEL_SUBNET=10.244.1.1/30\n');
  t.throws(() => parse(''), {
    message: /^f\.toml:2: pools\.pods\.subnet_file: .* has 10\.244\.1\.0\/30, allowed: an IPv4/,
  });
  writeFileSync(file, 'x');
  t.throws(() => parse(''), { message: /^f\.toml:2: pools\.pods\.subnet_file: .* has no line FLANNEL_SUBNET/ });
  t.throws(() => parseConfig({ source: '[pools.default]\nsubnet_file = "subnet.env"', file: 'f.toml' }), {
    message: /subnet_file: found "subnet.env", allowed: an absolute path/,
  });
});
