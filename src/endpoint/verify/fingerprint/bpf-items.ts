import { ATTACH_TYPE, countAttached } from '../../../kernel/bpf/bpf.js';
import { errnoOf } from '../../../kernel/errno.js';
import { NETLINK_PROTOCOL } from '../../../kernel/netlink/protocol.js';
import { describeLines, type Item, type View } from './item.js';

/** BPF programs that no other item shows: XDP is an attribute of links, cls_bpf a filter of a qdisc. */
export const BPF_ITEMS: readonly Item[] = [
  textItem('BPF programs of the namespace', ({ netnsFd }) => [
    attached('flow dissector', netnsFd, ATTACH_TYPE.flowDissector),
    attached('socket lookup', netnsFd, ATTACH_TYPE.skLookup),
  ]),
  textItem('BPF programs of links', (view) =>
    linkIndexes(view).flatMap((index) => [
      attached(`tcx ingress of link ${index}`, index, ATTACH_TYPE.tcxIngress),
      attached(`tcx egress of link ${index}`, index, ATTACH_TYPE.tcxEgress),
    ]),
  ),
];

function textItem(name: string, read: (view: View) => string[]): Item {
  return { name, read: (view) => read(view).map((line) => Buffer.from(line)), describe: describeLines };
}

function attached(what: string, target: number, attachType: number): string {
  try {
    return `${what}: ${countAttached(target, attachType)}`;
  } catch (error) {
    // A kernel without the kind (tcx came with 6.6) has none.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EOPNOTSUPP') throw error;
    return `${what}: ${errnoOf(error)}`;
  }
}

function linkIndexes({ socket }: View): number[] {
  const request = {
    operation: 'list links',
    type: 18,
    flags: 0,
    write: (writer: { linkHeader(header: object): void }) => writer.linkHeader({}),
  };
  return socket(NETLINK_PROTOCOL.route)
    .dumpNow(request)
    .map((payload) => payload.readInt32LE(4));
}
