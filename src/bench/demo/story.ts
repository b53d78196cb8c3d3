import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runProcess } from '../programs/run-process.js';
import type { Bundle } from './bundle.js';
import type { DemoDaemon } from './daemon.js';
import type { Outside } from './outside.js';
import { command, fact, quote, step } from './page.js';

const POLL_MS = 20;
const DEADLINE_MS = 120_000;
const PORT = 8080;

export interface Stage {
  readonly daemon: DemoDaemon;
  readonly outside: Outside;
  readonly bundle: () => Promise<Bundle>;
}

/** A container that runs until it is ended. */
export interface Running {
  /** Where it is reached from outside. */
  readonly url: string;
  readonly lease: string;
  readonly containerId: string;
  end(): Promise<void>;
}

/** A container on a pooled namespace reaches a server outside, and is reached by its published port. */
export async function reachOutAndIn({ daemon, outside, bundle }: Stage): Promise<Running> {
  step('A container on a pooled namespace reaches out, and is reached');
  const web = await bundle();
  web.write(`wget -q -O - http://${outside.address}/; exec httpd -f -p ${PORT} -h /www`);
  command('netnsd oci patch BUNDLE --id web');
  await daemon.netnsd('oci', 'patch', web.folder, '--id', 'web');
  const [lease] = await daemon.client.leases({ containerId: 'web' });
  const port = lease?.publishedPorts[0];
  if (lease === undefined || port === undefined) throw new Error('the lease of web has no published port');
  command('runc run --bundle BUNDLE web');
  const output: string[] = [];
  const ended = web.follow('web', (text) => void output.push(text));
  const url = `http://${outside.host}:${port.hostPort}/`;
  const answer = await until(`${url} answers`, () => outside.get(url).catch(() => undefined));
  quote(output.join(''));
  if (!output.join('').includes(`to ${outside.host}`)) throw new Error('the container did not reach out');
  fact(`it reached the server outside, which saw the address of this host (masquerade)`);
  command(`wget -O - ${url}     # from outside`);
  quote(answer);
  fact(`port ${port.hostPort} of this host leads to port ${PORT} of the container at ${lease.addresses[0]?.address}`);
  return {
    url,
    lease: lease.id,
    containerId: 'web',
    async end() {
      await runProcess('runc', ['kill', 'web', 'KILL']);
      await ended;
    },
  };
}

/** One container leaves a mess, which is found; the next one finds nothing of it. */
export async function recycle({ daemon, bundle }: Stage): Promise<void> {
  step('A container that made a mess, and the one after it');
  const messy = await bundle();
  command('netnsd acquire --id messy --path');
  const path = await daemon.netnsd('acquire', '--id', 'messy', '--path');
  const [lease] = await daemon.client.leases({ containerId: 'messy' });
  const endpoint = endpointOf(lease);
  const mess = 'ip address add 198.51.100.66/24 dev eth0; ip route add 203.0.113.0/24 dev eth0; ip route';
  messy.write(mess, { path, capabilities: ['CAP_NET_ADMIN'] });
  command(`runc run --bundle BUNDLE messy     # ${mess.split(';').slice(0, 2).join(';')}`);
  quote(await messy.run('messy'));
  command('netnsd release --id messy');
  await daemon.netnsd('release', '--id', 'messy');
  const why = await until('the mess is found', async () => {
    const { state, replaced } = await daemon.client.endpoint(endpoint);
    return state === 'gone' ? `${replaced?.kind}, ${replaced?.text}` : undefined;
  });
  fact(`${endpoint} was verified and replaced: ${why}`);
  const clean = await bundle();
  clean.write('ip route');
  await daemon.netnsd('oci', 'patch', clean.folder, '--id', 'clean');
  const [next] = await daemon.client.leases({ containerId: 'clean' });
  const routes = await clean.run('clean');
  command('runc run --bundle BUNDLE clean     # ip route');
  quote(routes);
  if (/203\.0\.113|198\.51\.100/.test(routes)) throw new Error('the next container found the mess of the one before');
  await daemon.netnsd('release', '--id', 'clean');
  const again = await until('the clean endpoint is ready again', async () => {
    const { state, events } = await daemon.client.endpoint(endpointOf(next));
    return state === 'ready' ? (events.findLast(({ type }) => type === 'ready')?.reason ?? '') : undefined;
  });
  fact(`${endpointOf(next)}, which was left as it was found, is ready again without a rebuild (${again})`);
}

/** The daemon is killed: what runs keeps its network, leases go on, and the next daemon takes all of it over. */
export async function surviveKill({ daemon, outside }: Stage, running: Running): Promise<void> {
  step('The daemon is killed');
  command('kill -9 DAEMON');
  await daemon.kill();
  quote(await outside.get(running.url));
  fact('the container is still reached');
  command('netnsd acquire --id late --path');
  const begin = performance.now();
  quote(await daemon.netnsd('acquire', '--id', 'late', '--path'));
  fact('without a daemon, a lease is taken from the shelf', performance.now() - begin);
  command('netnsd serve');
  const restart = performance.now();
  daemon.restart();
  await daemon.answers();
  const ids = (await daemon.client.leases()).map(({ containerId }) => containerId);
  for (const id of [running.containerId, 'late'])
    if (!ids.includes(id)) throw new Error(`the next daemon does not know the lease of ${id}`);
  fact(`the next daemon has both leases: ${ids.join(', ')}`, performance.now() - restart);
  quote(await outside.get(running.url));
  await daemon.netnsd('release', '--id', 'late');
}

/** A lease's path ends with the id of its endpoint and a token. */
function endpointOf(lease: { readonly netns: { readonly path: string } } | undefined): string {
  return basename(lease?.netns.path ?? '').split('.')[0] ?? '';
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; await delay(POLL_MS)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`);
}
