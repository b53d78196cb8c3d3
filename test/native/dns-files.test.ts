import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { patchBundle, readBundle, renderHosts, renderResolvConf } from '../../src/oci/index.js';
import { program, run } from './program.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage, type Stage, specWith } from './stage.js';

const netnsdRunc = program();
const DNS = { servers: ['10.0.0.53', 'fd00::53'], search: ['a.example'], options: ['ndots:2', 'rotate'] };
const NONE = { servers: [], search: [], options: [] };
const proc = { destination: '/proc', type: 'proc', source: 'proc' };
const devices = { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'size=65536k'] };

/** A spec that the shelf can serve. */
const specOf = (mounts: unknown, more: object = {}) => ({
  ...specWith({ annotations: { a: 'b' } }),
  hostname: 'web',
  ...more,
  mounts,
});

function stageWith(t: Parameters<typeof makeStage>[0], dns: typeof DNS | typeof NONE) {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage, { offers: 0 });
  shelf.offer('default-1', { text: shelf.text('default-1', { mountDns: true, dns }) });
  return { stage, shelf };
}

function create(stage: Stage) {
  return run(netnsdRunc, ['create', '-b', stage.bundle, 'web-1'], { env: stage.env });
}

const layouts: Record<string, (spec: unknown) => string> = {
  compact: (spec) => JSON.stringify(spec),
  '2 blanks': (spec) => JSON.stringify(spec, null, 2),
  'tabs and CRLF': (spec) => JSON.stringify(spec, null, '\t').replaceAll('\n', '\r\n'),
  'an indentation of twelve': (spec) => JSON.stringify(spec, null, 4).replaceAll('    ', ' '.repeat(12)),
  'mounts in one line': (spec) => {
    const { mounts, ...rest } = spec as { mounts: unknown };
    return JSON.stringify({ ...rest, mounts: 0 }, null, 2).replace(
      '"mounts": 0',
      `"mounts": ${JSON.stringify(mounts)}`,
    );
  },
};
const specs: Record<string, unknown> = {
  usual: specOf([proc, devices]),
  'of a container with a hosts file of its own': specOf([{ destination: '/etc/hosts', source: '/a/hosts' }, proc]),
  'of a container with a volume at /etc': specOf([{ destination: '/etc/', type: 'bind', source: '/a' }]),
  'without a host name': specOf([proc], { hostname: undefined }),
};

for (const [layout, write] of Object.entries(layouts)) {
  for (const [name, spec] of Object.entries(specs)) {
    t.test(`DNS files are mounted as the daemon does in a spec ${name}, layout: ${layout}`, async (t) => {
      for (const dns of [DNS, NONE]) {
        const { stage, shelf } = stageWith(t, dns);
        mkdirSync(stage.path('daemon'));
        for (const folder of ['bundle', 'daemon']) writeFileSync(stage.path(`${folder}/config.json`), write(spec));
        const ended = await create(stage);
        t.strictSame([ended.status, ended.stderr], [0, '']);
        t.strictSame(stage.journal(), [`runtime create -b ${stage.bundle} web-1`], 'the daemon was not asked');
        const { lease } = shelf.holder('web-1');
        const folder = stage.path(`dns/${lease}`);
        const files = { hosts: `${folder}/hosts`, resolvConf: dns === NONE ? null : `${folder}/resolv.conf` };
        using bundle = readBundle(stage.path('daemon'));
        const annotations = { 'dev.netnsd.lease': lease, 'dev.netnsd.address': '10.213.0.1/16' };
        patchBundle({ bundle, netnsPath: shelf.netns('default-1'), annotations, files });
        const own = readFileSync(`${stage.bundle}/config.json`, 'utf8');
        t.equal(own, readFileSync(stage.path('daemon/config.json'), 'utf8'));
        const names = [(spec as { hostname?: string }).hostname, 'web-1'];
        t.equal(readFileSync(files.hosts, 'utf8'), renderHosts({ addresses: ['10.213.0.1/16'], names }));
        t.strictSame(readdirSync(folder).sort(), dns === NONE ? ['hosts'] : ['hosts', 'resolv.conf']);
        if (files.resolvConf !== null) t.equal(readFileSync(files.resolvConf, 'utf8'), renderResolvConf(dns));
        t.equal(statSync(files.hosts).mode & 0o777, 0o644, 'a container may run as any user');
        t.equal(statSync(stage.path('dns')).mode & 0o777, 0o700, 'the users of the machine stay out');
      }
    });
  }
}

t.test('where the files cannot be written the endpoint goes back, and the daemon is asked', async (t) => {
  for (const spoil of [
    (stage: Stage) => writeFileSync(stage.path('dns'), 'in the way'),
    (_: Stage, shelf: ReturnType<typeof layOutShelf>) => {
      shelf.offer('default-2', { text: shelf.text('default-2', { mountDns: true, dns: { servers: [1] } }) });
      shelf.withdraw('default-1');
    },
  ]) {
    const { stage, shelf } = stageWith(t, DNS);
    await stage.startDaemon();
    stage.writeSpec(specOf([proc]));
    const before = readFileSync(`${stage.bundle}/config.json`, 'utf8');
    spoil(stage, shelf);
    const ended = await create(stage);
    t.strictSame([ended.status, ended.stderr], [0, '']);
    t.strictSame(stage.journal(), ['POST /v1/oci/patch', `runtime create -b ${stage.bundle} web-1`]);
    t.strictSame([shelf.names('taken'), shelf.names('returned')], [[], ['web-1']]);
    t.equal(readFileSync(`${stage.bundle}/config.json`, 'utf8'), before);
  }
});
