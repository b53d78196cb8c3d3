import t from 'tap';
import { readTrust, type Spec } from '../../../src/oci/index.js';
import { SPEC_TEXT } from './fixture.js';

function reasons(change: (spec: Record<string, any>) => void): readonly string[] {
  const spec = JSON.parse(SPEC_TEXT);
  change(spec);
  const trust = readTrust(spec as Spec);
  t.equal(trust.privileged, trust.reasons.length > 0);
  return trust.reasons;
}

t.test('a container without capabilities on a read-only /proc/sys is trusted', async (t) => {
  t.strictSame(readTrust(JSON.parse(SPEC_TEXT)), { privileged: false, reasons: [] });
});

t.test('raw sockets alone take no trust away', async (t) => {
  t.strictSame(
    reasons((spec) => spec['process'].capabilities.bounding.push('CAP_NET_RAW')),
    [],
  );
});

t.test('a capability over the network is found in whichever set it is', async (t) => {
  for (const set of ['bounding', 'effective', 'permitted', 'inheritable', 'ambient']) {
    for (const name of ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN', 'CAP_BPF']) {
      t.strictSame(
        reasons((spec) => (spec['process'].capabilities = { [set]: [name] })),
        [`${name} (${set})`],
      );
    }
  }
  t.strictSame(
    reasons((spec) => (spec['process'].capabilities = { bounding: ['cap_net_admin'] })),
    ['CAP_NET_ADMIN (bounding)'],
  );
});

t.test('what the spec leaves open counts as allowed', async (t) => {
  t.strictSame(
    reasons((spec) => delete spec['process']),
    ['process.capabilities is not set'],
  );
  t.strictSame(
    reasons((spec) => delete spec['process'].capabilities),
    ['process.capabilities is not set'],
  );
  t.strictSame(
    reasons((spec) => delete spec['linux'].readonlyPaths),
    ['/proc/sys is writable'],
  );
  t.strictSame(
    reasons((spec) => (spec['linux'].readonlyPaths = ['/proc/sysrq-trigger'])),
    ['/proc/sys is writable'],
  );
});

t.test('a masked /proc/sys is as good as a read-only one', async (t) => {
  t.strictSame(
    reasons((spec) => Object.assign(spec['linux'], { readonlyPaths: [], maskedPaths: ['/proc/sys/'] })),
    [],
  );
});

t.test('the sysctls that engines set in every spec are no reason', async (t) => {
  const sysctl = { 'net.ipv4.ping_group_range': '0 0', 'net/ipv4/ip_unprivileged_port_start': '0' };
  t.same(
    reasons((spec) => (spec['linux'].sysctl = sysctl)),
    [],
  );
  t.same(
    reasons((spec) => (spec['linux'].sysctl = { 'net.ipv4.ping_group_range2': '0' })),
    ['sysctl net.ipv4.ping_group_range2 is set'],
  );
});

t.test('network sysctls of the spec are named, others are not', async (t) => {
  const sysctl = { 'net.ipv4.ip_forward': '1', 'net/ipv4/tcp_syncookies': '1', 'kernel.msgmax': '1', 'network.x': '1' };
  t.strictSame(
    reasons((spec) => (spec['linux'].sysctl = sysctl)),
    ['sysctl net.ipv4.ip_forward is set', 'sysctl net/ipv4/tcp_syncookies is set'],
  );
});

t.test('a second way to procfs is named', async (t) => {
  const mounted = (mount: object) => reasons((spec) => spec['mounts'].push(mount));
  t.strictSame(mounted({ destination: '/p', type: 'proc', source: 'proc' }), ['procfs is mounted at /p']);
  t.strictSame(mounted({ destination: '/host', type: 'bind', source: '/' }), ['/ of the host is mounted']);
  t.strictSame(mounted({ destination: '/s', source: '/proc/sys/' }), ['/proc/sys/ of the host is mounted']);
  t.strictSame(mounted({ destination: '/s', type: 'bind', source: '/process' }), []);
});

t.test('hooks inside the namespaces and moved devices are named', async (t) => {
  const hooks = { createContainer: [{ path: '/x' }], poststop: [{ path: '/x' }], startContainer: [] };
  t.strictSame(
    reasons((spec) => (spec['hooks'] = hooks)),
    ['createContainer hooks run in its namespaces'],
  );
  t.strictSame(
    reasons((spec) => (spec['linux'].netDevices = { eth7: {} })),
    ['the network device eth7 is moved into it'],
  );
});

t.test('a spec of another shape is not trusted', async (t) => {
  for (const change of [
    { mounts: 3 },
    { mounts: [null] },
    { process: { capabilities: { bounding: 'CAP_NET_ADMIN' } } },
  ]) {
    t.strictSame(
      reasons((spec) => Object.assign(spec, change)),
      ['the spec does not follow the runtime specification'],
    );
  }
});
