import { errnoOf } from '../../../kernel/errno.js';
import type { MessageWriter } from '../../../kernel/netlink/message-writer.js';
import { type Item, type View, without } from './item.js';
import { canonicalise, eachAttribute, type MessageShape } from './message-shape.js';

export interface Question {
  readonly protocol: number;
  readonly type: number | ((view: View) => number | undefined);
  readonly shape: MessageShape;
  /** A single question rather than a dump. */
  readonly single?: true;
  write(writer: MessageWriter): void;
}

/** Errors that are an answer: the kernel has nothing of the kind. */
const NOTHING = new Set(['EOPNOTSUPP', 'ENOENT', 'EINVAL', 'EPROTONOSUPPORT', 'EAFNOSUPPORT']);

/** An item that is read by netlink; `name` names its objects in words, in the singular. */
export function netlinkItem(name: string, question: Question): Item {
  const { shape } = question;
  return {
    name,
    read: (view) => {
      const type = typeof question.type === 'function' ? question.type(view) : question.type;
      if (type === undefined) return [];
      return ask(name, { ...question, type }, view).map((payload) => canonicalise(payload, shape, view.own));
    },
    describe: (pristine, found) => describeMessages(shape, pristine, found),
  };
}

function ask(name: string, question: Question & { type: number }, view: View): readonly Buffer[] {
  const request = { operation: `read ${name}`, type: question.type, flags: 0, write: question.write };
  try {
    const socket = view.socket(question.protocol);
    return question.single ? socket.request(request) : socket.dumpNow(request);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined || !NOTHING.has(errno)) throw error;
    return [Buffer.concat([Buffer.alloc(question.shape.headerBytes), Buffer.from(errno)])];
  }
}

function describeMessages(shape: MessageShape, pristine: readonly Buffer[], found: readonly Buffer[]): string {
  const more = without(found, pristine);
  const fewer = without(pristine, found);
  const [one] = more;
  const [other] = fewer;
  if (more.length === 1 && fewer.length === 1 && one !== undefined && other !== undefined)
    return changes(shape, other, one);
  const count = (buffers: readonly Buffer[], word: string) =>
    buffers.length === 0 ? [] : [`${buffers.length} ${word}`];
  return [...count(more, 'more'), ...count(fewer, 'missing')].join(', ') || 'the same one several times';
}

function changes(shape: MessageShape, before: Buffer, after: Buffer): string {
  const { headerBytes, names = {} } = shape;
  const values = (message: Buffer) =>
    new Map(
      Array.from(eachAttribute(message.subarray(headerBytes)), ({ type, value }) => [type, value.toString('hex')]),
    );
  const [old, now] = [values(before), values(after)];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter((type) => old.get(type) !== now.get(type));
  const words = changed.map((type) => names[type] ?? `attribute ${type}`);
  if (!before.subarray(0, headerBytes).equals(after.subarray(0, headerBytes))) words.unshift('flags or header');
  return `${words.slice(0, 4).join(', ') || 'order'} changed`;
}
