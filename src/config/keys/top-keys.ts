import { normalize } from 'node:path';
import type { Config } from '../types.js';
import { integer, isText, type Key } from './key.js';

type LogLevel = Config['logLevel'];
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];
const GROUP_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/;

/** The keys at the top of the file. */
export const TOP_KEYS = {
  netnsDir: {
    name: 'netns_dir',
    type: 'string',
    initial: null as string | null,
    initialMeaning: 'none',
    allowed: 'an absolute path',
    meaning:
      'Folder with a symbolic link to the namespace of each endpoint, for people: with `/run/netns`, `ip netns` lists and enters them. Other entries of it are not touched.',
    accepts: (value) => isText(value, /^\/[^\p{Cc}]*$/u) && normalize(value) !== '/',
  },
  socketGroup: {
    name: 'socket_group',
    type: 'string',
    initial: null as string | null,
    initialMeaning: 'none: root only',
    allowed: 'the name of a group',
    meaning: 'Group whose members may use the socket, and so acquire and release leases and resize pools.',
    accepts: (value) => isText(value, GROUP_NAME),
  },
  socketMode: {
    name: 'socket_mode',
    type: 'string',
    initial: null as string | null,
    initialMeaning: '`"0600"`, or `"0660"` with `socket_group`',
    allowed: '"0600", "0620", "0640" or "0660"',
    meaning: 'Mode of the socket, set and checked at each start. Connecting needs write permission.',
    accepts: (value) => isText(value, /^0?6[0246]0$/),
  },
  reconcileSeconds: {
    name: 'reconcile_seconds',
    ...integer(1, 86_400),
    initial: 60,
    meaning: 'Seconds between two reconciles.',
  },
  logLevel: {
    name: 'log_level',
    type: 'string',
    initial: 'info' as LogLevel,
    allowed: LOG_LEVELS.join(', '),
    meaning: 'The lowest level to log.',
    accepts: (value) => LOG_LEVELS.some((level) => level === value),
  },
} satisfies Record<string, Key<unknown>>;
