import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { AttachmentFiles, parseAttachment } from '../../../src/state/attachment-files.js';

const FIELDS = {
  network: 'net',
  containerId: 'c1',
  ifname: 'eth0',
  target: '/run/netns/a',
  targetInode: 1,
  delivery: 'overlay',
  lease: '0123456789abcdef',
  mac: '02:00:00:00:00:01',
  netnsInode: 2,
};

t.test('a file that netnsd-cni wrote is read, and what is none is passed over', async (t) => {
  const folder = t.testdir();
  const files = new AttachmentFiles(folder);
  t.strictSame(files.list(), [], 'there is no folder');
  mkdirSync(join(folder, 'attachments'));
  writeFileSync(join(folder, 'attachments', 'c1@00000000'), `${JSON.stringify(FIELDS)}\n`);
  writeFileSync(join(folder, 'attachments', 'torn'), '{"network":');
  mkdirSync(join(folder, 'attachments', 'folder'));
  const { mac: _mac, ...fields } = FIELDS;
  t.strictSame(files.list(), [{ key: 'c1@00000000', ...fields, ended: false, mappings: [] }]);
  writeFileSync(join(folder, 'attachments', '.c1@00000000.17'), '');
  t.match(files.list(), [{ key: '.c1@00000000.17', delivery: 'none', netnsInode: 0 }, { key: 'c1@00000000' }]);
  t.match(files.read('c1@00000000'), { delivery: 'overlay', target: '/run/netns/a' });
  for (const key of ['other@00000000', 'torn', '../x@00000000', '']) t.equal(files.read(key), undefined, key);
  files.remove('c1@00000000');
  files.remove('c1@00000000');
  t.strictSame(readdirSync(join(folder, 'attachments')).sort(), ['.c1@00000000.17', 'folder', 'torn']);
});

t.test('a text that lacks a member, or has another kind of it, is no attachment', async (t) => {
  t.ok(parseAttachment('k', JSON.stringify(FIELDS)));
  for (const text of ['', 'null', '[]', '1', '{}']) t.equal(parseAttachment('k', text), undefined);
  for (const name of ['network', 'containerId', 'ifname', 'target', 'targetInode', 'delivery', 'netnsInode'])
    for (const value of [undefined, {}, null, []])
      t.equal(parseAttachment('k', JSON.stringify({ ...FIELDS, [name]: value })), undefined, name);
  t.equal(parseAttachment('k', JSON.stringify({ ...FIELDS, delivery: 'other' })), undefined);
});

t.test('port mappings are of one family each, and what is none is no attachment', async (t) => {
  const read = (fields: object) => parseAttachment('k', JSON.stringify({ ...FIELDS, ...fields }))?.mappings;
  const both = { address: '10.213.0.2', address6: 'fd00:213::2' };
  const port = { protocol: 'tcp', hostIP: '0.0.0.0', hostPort: 8080, containerPort: 80 };
  const mapping = { protocol: 'tcp', hostPort: 8080, containerPort: 80 };
  t.strictSame(read({ address: both.address, ports: [port] }), [
    { ...mapping, hostAddress: '0.0.0.0', containerAddress: both.address },
  ]);
  t.match(read({ ...both, ports: [{ ...port, hostIP: '', protocol: 'sctp' }] }), [
    { protocol: 'sctp', hostAddress: '0.0.0.0', containerAddress: both.address },
    { protocol: 'sctp', hostAddress: '::', containerAddress: both.address6 },
  ]);
  t.match(read({ ...both, ports: [{ ...port, hostIP: '2001:db8::1' }] }), [
    { hostAddress: '2001:db8::1', containerAddress: both.address6 },
  ]);
  for (const hostIP of ['', '2001:db8::1', 'fe80::1%eth0', 'host', '1.2.3.4; flush', 1, null, undefined])
    t.equal(read({ address: both.address, ports: [{ ...port, hostIP }] }), undefined, String(hostIP));
  for (const other of [{ protocol: 'icmp' }, { hostPort: 0 }, { containerPort: '80' }])
    t.equal(read({ ...both, ports: [{ ...port, ...other }] }), undefined);
  for (const ports of [{}, 'x', [null], [1]]) t.equal(read({ ...both, ports }), undefined);
  t.equal(read({ ...both, address6: 'fe80::1%lo', ports: [{ ...port, hostIP: '::' }] }), undefined);
});
