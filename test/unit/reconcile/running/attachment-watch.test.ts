import t from 'tap';
import type { EndpointRecord } from '../../../../src/pool/index.js';
import { AttachmentWatch, isShown } from '../../../../src/reconcile/running/attachment-watch.js';
import type { Attachment } from '../../../../src/state/index.js';

const OVERLAY: Attachment = {
  key: 'c@00000000',
  network: 'net',
  containerId: 'c',
  ifname: 'eth0',
  target: '/run/netns/c',
  targetInode: 10,
  delivery: 'overlay',
  lease: '',
  ended: false,
  mappings: [],
  netnsInode: 20,
};
const GRAFT: Attachment = { ...OVERLAY, delivery: 'graft' };
const LEASED = { lease: { containerId: OVERLAY.key } } as unknown as EndpointRecord;

/** Surveys of one attachment. */
function watch(attachment: Attachment) {
  const removed: string[] = [];
  const shown = new Map<string, number[]>([[attachment.target, [attachment.netnsInode]]]);
  const files = { list: () => [attachment], remove: (key: string) => removed.push(key) };
  const made = new AttachmentWatch({ files, netnsSeenAt: (path) => shown.get(path) ?? [] });
  const isOver = (nowMs: number, { goneAfterMs = 300_000, inside = [] as number[] } = {}) => {
    made.survey({ nowMs, users: new Map([[attachment.targetInode, inside]]) });
    return made.isOver(LEASED, { nowMs, goneAfterMs });
  };
  return { made, removed, shown, isOver };
}

t.test('an overlay shows the endpoint, a graft the namespace of the runtime, what had not come nothing', async (t) => {
  t.strictSame([isShown(OVERLAY, [20]), isShown(OVERLAY, [10]), isShown(OVERLAY, [])], [true, false, false]);
  t.strictSame([isShown(OVERLAY, [10, 20])], [true], 'in one of two views');
  t.strictSame([isShown(GRAFT, [10]), isShown(GRAFT, [20]), isShown(GRAFT, [])], [true, false, false]);
  t.equal(isShown({ ...OVERLAY, delivery: 'none', netnsInode: 0 }, [0, 10]), false);
});

t.test('a lease is over a minute after its target was first seen without the network', async (t) => {
  const { shown, isOver } = watch(OVERLAY);
  t.equal(isOver(0), false);
  shown.clear();
  t.equal(isOver(1_000_000), false, 'time starts');
  t.equal(isOver(1_059_999), false);
  t.equal(isOver(1_060_000), true);
});

t.test('what DEL has ended is over at once, unless the target shows the network', async (t) => {
  const { shown, isOver } = watch({ ...OVERLAY, ended: true });
  t.equal(isOver(0), false);
  shown.clear();
  t.equal(isOver(1), true);
});

t.test("the pool's gone_after_seconds counts if it is shorter; 0 is not", async (t) => {
  const { shown, isOver } = watch(OVERLAY);
  shown.clear();
  t.equal(isOver(0, { goneAfterMs: 5000 }), false);
  t.equal(isOver(4999, { goneAfterMs: 5000 }), false);
  t.equal(isOver(5000, { goneAfterMs: 5000 }), true);
  t.equal(isOver(5000, { goneAfterMs: 0 }), false);
});

t.test('the time starts again when the target shows the network in between', async (t) => {
  const { shown, isOver } = watch(OVERLAY);
  shown.clear();
  isOver(0);
  shown.set(OVERLAY.target, [20]);
  t.equal(isOver(60_000), false);
  shown.clear();
  t.equal(isOver(61_000), false);
  t.equal(isOver(121_000), true);
});

t.test('a grafted interface is in use while a process is in the namespace that it was moved to', async (t) => {
  const { shown, isOver } = watch(GRAFT);
  shown.clear();
  isOver(0);
  t.equal(isOver(60_000, { inside: [7] }), false);
  t.equal(isOver(60_000), true);
});

t.test('leases of other containers are never over', async (t) => {
  const { made, shown, isOver } = watch(OVERLAY);
  shown.clear();
  isOver(0);
  isOver(60_000);
  const other = { lease: { containerId: 'c' } } as unknown as EndpointRecord;
  const unleased = { lease: null } as unknown as EndpointRecord;
  for (const record of [other, unleased]) t.equal(made.isOver(record, { nowMs: 60_000, goneAfterMs: 1 }), false);
});

t.test('the file goes when the lease has ended, and not before', async (t) => {
  const { made, removed, shown, isOver } = watch(OVERLAY);
  isOver(0);
  made.removeEnded({ nowMs: 100_000, leased: new Set() });
  t.strictSame(removed, [], 'the target shows it: DEL takes it off');
  shown.clear();
  isOver(100_000);
  made.removeEnded({ nowMs: 159_999, leased: new Set() });
  made.removeEnded({ nowMs: 160_000, leased: new Set([OVERLAY.key]) });
  t.strictSame(removed, []);
  made.removeEnded({ nowMs: 160_000, leased: new Set([null]) });
  t.strictSame(removed, [OVERLAY.key]);
});

t.test("the file goes after the pool's gone_after_seconds where that ended the lease", async (t) => {
  const { made, removed, shown, isOver } = watch(OVERLAY);
  shown.clear();
  isOver(0, { goneAfterMs: 5000 });
  t.equal(isOver(5000, { goneAfterMs: 5000 }), true);
  made.survey({ nowMs: 5100, users: new Map() });
  made.removeEnded({ nowMs: 5100, leased: new Set() });
  t.strictSame(removed, [OVERLAY.key]);
});

t.test('the time starts again when the plugin has written another lease into the file', async (t) => {
  const attachment = { ...OVERLAY, lease: '1' };
  const { made, removed, shown, isOver } = watch(attachment);
  shown.clear();
  isOver(0, { goneAfterMs: 5000 });
  attachment.lease = '2';
  made.survey({ nowMs: 100_000, users: new Map() });
  made.removeEnded({ nowMs: 100_000, leased: new Set() });
  t.strictSame(removed, []);
  made.survey({ nowMs: 160_000, users: new Map() });
  made.removeEnded({ nowMs: 160_000, leased: new Set() });
  t.strictSame(removed, [OVERLAY.key]);
});
