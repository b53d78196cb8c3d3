import { planEndpoint } from '../../../src/endpoint/plan.js';
import { readFingerprint } from '../../../src/endpoint/verify/fingerprint/fingerprint.js';
import { NamespaceView } from '../../../src/endpoint/verify/namespace-view.js';
import { genericFamilies } from '../../../src/kernel/netlink/generic-families.js';
import { inside, NetnsHandle } from '../../../src/kernel/netns/netns.js';

/** Which endpoint is read: of the pool `default` of a daemon on its own subnet. */
export interface Read {
  readonly netnsPath: string;
  readonly subnet: string;
  readonly address: string;
  /** Index of its link at the host. */
  readonly hostIndex: number;
}

const families = genericFamilies();
const NUD_PERMANENT = 0x80;
const NDM_STATE = 8;

/**
 * The endpoint's fingerprint, as the product reads it, a text an item. Caches are left as they are, so what traffic has
 * brought since the endpoint was handed out is left out; whether the seal has a socket inside is not known, so that one
 * more is none.
 */
export function ownReading({ netnsPath, subnet, address, hostIndex }: Read): Map<string, string> {
  const [, , third = 0, fourth = 0] = address.split('.').map(Number);
  const name = { id: 'default-0', pool: 'default', index: third * 256 + fourth - 2, seq: 0 };
  const dns = { servers: [], search: [], options: [] };
  const network = { name: 'default', subnet, mtuBytes: 1500, max: 1000, endpointsPerHub: 1000, dns };
  const site = { instanceId: 'eyes', identity: 'boot /eyes', stateDir: '/nowhere', netnsDir: null };
  const plan = planEndpoint(site, network, name);
  if (plan.address.join('.') !== address) throw new Error(`${address} is not the address of index ${name.index}`);
  using home = NetnsHandle.open();
  using namespace = NetnsHandle.open(netnsPath);
  return inside({
    namespace,
    home,
    act: () => {
      using view = new NamespaceView({
        plan,
        hostIndex,
        netnsFd: namespace.fd,
        listeners: 0,
        surroundings: { families },
      });
      const fingerprint = readFingerprint(view, { sysctls: true });
      return new Map(Array.from(fingerprint, ([item, objects]) => [item, textOf(item, objects)]));
    },
  });
}

function textOf(item: string, objects: readonly Buffer[]): string {
  if (item.startsWith('sockets')) return objects.map(String).map(withoutSeal).join('\n');
  if (item === 'sysctls') return objects.map(String).join('\n');
  const lasting = objects.filter(
    (object) => item !== 'neighbours' || (object.readUInt16LE(NDM_STATE) & NUD_PERMANENT) !== 0,
  );
  return lasting.map((object) => object.toString('hex')).join('\n');
}

function withoutSeal(line: string): string {
  return line.replace(/^(sockets used|NETLINK) 1$/, '$1 0');
}
