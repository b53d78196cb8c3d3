/** The process that `tryBuilding` starts; prints a Trial as JSON. */

import { NetnsdError } from '../../errors.js';
import { CLONE_NEWNET, unshare } from '../libc.js';
import { NetlinkSocket } from '../netlink/netlink-socket.js';
import { createBridge, createVeth, getLink, parseLink, setLink, setQuietPort } from '../rtnetlink/link.js';
import type { Trial } from './trial.js';

const BRIDGE = 'ndtrial';
const PORT = 'ndtrial-a';
const end = (name: string, last: number) => ({ name, mac: [0x0e, 0x58, 0, 0, 0, last], mtuBytes: 1500 });

function build(): Trial {
  unshare(CLONE_NEWNET);
  using socket = NetlinkSocket.open();
  socket.request(createVeth({ host: end(PORT, 1), peer: end('ndtrial-b', 2), peerNetnsFd: null }));
  socket.request(createBridge({ name: BRIDGE, mac: [6, 0x58, 0, 0, 0, 1], mtuBytes: 1500 }));
  const [bridge] = socket.request(getLink(BRIDGE)).map(parseLink);
  socket.request(setLink({ name: PORT }, { masterIndex: bridge?.index ?? 0, up: true }));
  socket.request(setQuietPort({ name: PORT }));
  return { outcome: 'built' };
}

function attempt(): Trial {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof NetnsdError)) throw error;
    return { outcome: 'refused', operation: String(error.details.operation), errno: String(error.details.errno) };
  }
}

process.stdout.write(JSON.stringify(attempt()));
