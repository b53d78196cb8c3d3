import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { runProcess } from '../../programs/run-process.js';
import { RuncBundles } from '../../programs/runc-bundles.js';
import { clockMs, type Marks } from '../stages.js';

const FOLDER = '/run/bench-docker';
const HOST = `unix://${FOLDER}/docker.sock`;
const IMAGE = 'netnsd-bench';
const DEADLINE_MS = 60_000;
/** How long the events of a container are waited for that has ended. */
const EVENTS_MS = 5000;

interface DockerEvent {
  readonly Type: 'container' | 'network';
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: { readonly name: string; readonly container?: string } };
  readonly timeNano: number;
}

/** A dockerd of its own beside others: its root, state, socket, bridge and containerd are in the sandbox. */
export interface Dockerd {
  /** The image with the functions. */
  readonly image: string;
  /** What `docker` is told first: the socket. */
  readonly address: readonly string[];
  docker(...args: string[]): Promise<string>;
  /** Marks the stages that Docker's own events tell of the container `name`, once it has been removed. */
  told(name: string, marks: Marks): Promise<void>;
  stop(): Promise<void>;
}

export async function startDockerd(rootfs: string): Promise<Dockerd> {
  mkdirSync(FOLDER, { recursive: true, mode: 0o711 });
  const log = openSync(`${FOLDER}/log`, 'w');
  const places = ['root', 'exec'].map((name) => `--${name === 'root' ? 'data' : name}-root=${FOLDER}/${name}`);
  const own = [...places, `--pidfile=${FOLDER}/pid`, `--host=${HOST}`, '--bip=10.230.0.1/16'];
  const parent = `--cgroup-parent=${RuncBundles.cgroup('docker')}`;
  const child = spawn('dockerd', [...own, parent, '--log-level=error'], { stdio: ['ignore', log, log] });
  closeSync(log);
  const address = ['--host', HOST];
  const docker = (...args: string[]) => runProcess('docker', [...address, ...args]);
  await untilItAnswers(child, () => docker('version'));
  if ((await docker('images', '--quiet', IMAGE)).trim() === '') {
    const shell = `tar --create --directory="$1" . | docker --host="$2" import - ${IMAGE}`;
    await runProcess('sh', ['-c', shell, 'sh', rootfs, HOST]);
  }
  const events = followEvents(address);
  return {
    image: IMAGE,
    address,
    docker,
    told: events.told,
    async stop() {
      events.stop();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function untilItAnswers(child: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; ; await delay(50)) {
    const answers = await ask().then(
      () => true,
      () => false,
    );
    if (answers) return;
    if (child.exitCode === null && Date.now() < deadline) continue;
    child.kill('SIGKILL');
    throw new Error(`dockerd does not answer: ${readFileSync(`${FOLDER}/log`, 'utf8').trim().split('\n').at(-1)}`);
  }
}

/** `docker events`, collected by container. Its clock is the wall's. */
function followEvents(address: readonly string[]) {
  const child = spawn('docker', [...address, 'events', '--format', '{{json .}}'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const names = new Map<string, string>();
  const heard = new Map<string, Map<string, number>>();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { Type, Action, Actor, timeNano } = JSON.parse(line) as DockerEvent;
      if (Type === 'container' && Action === 'create') names.set(Actor.ID, Actor.Attributes.name);
      const name = names.get(Type === 'network' ? (Actor.Attributes.container ?? '') : Actor.ID);
      if (name === undefined) continue;
      const atMs = timeNano / 1e6 - (Date.now() - clockMs());
      heard.set(name, (heard.get(name) ?? new Map()).set(Action, atMs));
    }
  });
  return {
    async told(name: string, marks: Marks) {
      for (const deadline = Date.now() + EVENTS_MS; !heard.get(name)?.has('destroy') && Date.now() < deadline; )
        await delay(10);
      const times = heard.get(name);
      heard.delete(name);
      const [created, connected] = [times?.get('create'), times?.get('connect')];
      if (created !== undefined) marks.end('container create', created);
      if (connected !== undefined) marks.end('network create', connected);
    },
    stop: () => void child.kill(),
  };
}
