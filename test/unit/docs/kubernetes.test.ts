import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parseAllDocuments } from 'yaml';
import { parseConfig } from '../../../src/config/read.js';
import { TOP } from './markdown.js';

const FOLDER = join(TOP, 'docs/kubernetes');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

/** An object that has no other members than these, as the API server's strict validation has it. */
const only = (members: Record<string, TSchema>) => Type.Object(members, { additionalProperties: false });
const optional = Type.Optional;
const Name = Type.String({ pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' });
const Labels = Type.Record(Type.String(), Type.String());
const Metadata = only({ name: Name, namespace: optional(Name), labels: optional(Labels) });
const Path = Type.String({ pattern: '^/' });

const Container = only({
  name: Name,
  image: Type.String({ pattern: '^[a-z0-9./-]+:[\\w.-]+$' }),
  command: Type.Array(Type.String()),
  securityContext: only({ privileged: Type.Boolean() }),
  resources: only({ requests: Labels }),
  volumeMounts: Type.Array(only({ name: Name, mountPath: Path, readOnly: optional(Type.Boolean()) })),
});
const Volume = Type.Union([
  only({ name: Name, hostPath: only({ path: Path, type: optional(Type.Literal('DirectoryOrCreate')) }) }),
  only({ name: Name, configMap: only({ name: Name }) }),
]);
const PodSpec = only({
  nodeSelector: Labels,
  hostPID: Type.Boolean(),
  hostNetwork: Type.Boolean(),
  priorityClassName: Name,
  tolerations: Type.Array(only({ operator: Type.Literal('Exists') })),
  containers: Type.Array(Container, { minItems: 1 }),
  volumes: Type.Array(Volume),
});
/** Of the API's kinds what the manifests use: apps/v1 DaemonSet, v1 ConfigMap, node.k8s.io/v1 RuntimeClass. */
const KINDS: Record<string, TSchema> = {
  ConfigMap: only({
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('ConfigMap'),
    metadata: Metadata,
    data: Labels,
  }),
  DaemonSet: only({
    apiVersion: Type.Literal('apps/v1'),
    kind: Type.Literal('DaemonSet'),
    metadata: Metadata,
    spec: only({
      selector: only({ matchLabels: Labels }),
      updateStrategy: only({ type: Type.Union([Type.Literal('RollingUpdate'), Type.Literal('OnDelete')]) }),
      template: only({ metadata: only({ labels: Labels }), spec: PodSpec }),
    }),
  }),
  RuntimeClass: only({
    apiVersion: Type.Literal('node.k8s.io/v1'),
    kind: Type.Literal('RuntimeClass'),
    metadata: Metadata,
    handler: Name,
    scheduling: only({ nodeSelector: Labels }),
  }),
};
/** Of the CNI specification's network configuration list. */
const ConfigurationList = only({
  cniVersion: Type.String({ pattern: '^(0\\.3\\.1|0\\.4\\.0|1\\.[01]\\.0)$' }),
  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' }),
  plugins: Type.Array(
    only({
      type: Type.Literal('netnsd-cni'),
      pool: Name,
      tenant: Type.String(),
      capabilities: Type.Record(Type.String(), Type.Boolean()),
    }),
    { minItems: 1 },
  ),
});

// biome-ignore lint/suspicious/noExplicitAny: a document that the schema has judged
type Manifest = any;

function manifests(name: string): Manifest[] {
  return parseAllDocuments(read(name), { strict: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

t.test('the manifests are what the API server takes', async (t) => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  t.strictSame(files.sort(), ['daemonset.yaml', 'runtimeclass.yaml']);
  for (const file of files)
    for (const manifest of manifests(file)) {
      const schema = KINDS[manifest.kind] as TSchema;
      t.strictSame(
        [...Value.Errors(schema, manifest)].map(({ instancePath, message }) => `${instancePath}: ${message}`),
        [],
        file,
      );
      t.notOk(Value.Check(schema, { ...manifest, unknown: 1 }), 'the schema refuses what it does not know');
    }
});

t.test('the DaemonSet reaches the node, mounts what it names, and brings a configuration that is read', async (t) => {
  const [config, daemonSet] = manifests('daemonset.yaml');
  const { template, selector } = daemonSet.spec;
  const [container] = template.spec.containers;
  t.strictSame(selector.matchLabels, template.metadata.labels);
  t.equal(template.spec.hostPID, true);
  t.strictSame(
    container.volumeMounts.map(({ name }: { name: string }) => name).sort(),
    template.spec.volumes.map(({ name }: { name: string }) => name).sort(),
  );
  t.equal(
    template.spec.volumes.find(({ name }: { name: string }) => name === 'config').configMap.name,
    config.metadata.name,
  );
  t.notMatch(container.command.join('\n'), '/etc/cni/net.d', 'it takes over no node');
  const file = join(t.testdir({ 'subnet.env': 'FLANNEL_SUBNET=10.244.1.1/24\n' }), 'subnet.env');
  const source = config.data['netnsd.toml'].replace('/run/flannel/subnet.env', file);
  const [conflist] = [JSON.parse(read('10-netnsd.conflist.example'))];
  t.match(parseConfig({ source, file: 'netnsd.toml' }).pools, [
    { name: conflist.plugins[0].pool, subnet: '10.244.1.0/24' },
  ]);
  const [runtimeClass] = manifests('runtimeclass.yaml');
  t.strictSame(runtimeClass.scheduling.nodeSelector, template.spec.nodeSelector);
});

t.test('the configuration list is one, and no runtime reads it by itself', async (t) => {
  const list = JSON.parse(read('10-netnsd.conflist.example'));
  t.strictSame([...Value.Errors(ConfigurationList, list)], []);
  // containerd and CRI-O read .conf, .conflist and .json.
  for (const name of readdirSync(FOLDER)) t.notMatch(name, /\.(conf|conflist|json)$/);
});
