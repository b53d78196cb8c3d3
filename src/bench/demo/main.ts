import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runProcess } from '../programs/run-process.js';
import { makeBundle } from './bundle.js';
import { DemoDaemon } from './daemon.js';
import { difference, type Inventory, takeInventory } from './left.js';
import { type Outside, openOutside } from './outside.js';
import { command, fact, line, step, style } from './page.js';
import { race } from './race.js';
import { reachOutAndIn, recycle, surviveKill } from './story.js';

const READY = 20;
const CONFIG = `
[pools.default]
subnet = "10.213.0.0/16"
min_ready = ${READY}
max = 60
publish = ["8080/tcp"]
`;

/** How many containers at once: what `--at-once` says, for a quick look. */
function levels(): number[] {
  const { values } = parseArgs({ options: { 'at-once': { type: 'string', default: '1,10,50,100' } } });
  return values['at-once'].split(',').map(Number);
}

async function startDaemon(daemon: DemoDaemon): Promise<void> {
  step('A daemon fills its pool');
  command('netnsd serve');
  const begin = performance.now();
  await daemon.answers();
  fact('the API answers', performance.now() - begin);
  await daemon.settled();
  const filledMs = performance.now() - begin;
  fact(`${READY} namespaces are ready, with link, address, routes and a published port`, filledMs);
}

async function cleanUp(daemon: DemoDaemon, before: Inventory): Promise<void> {
  step('Everything is taken down');
  command('netnsd down');
  const begin = performance.now();
  await daemon.down();
  fact('the daemon has ended, and its pools are gone', performance.now() - begin);
  const left = difference(before, await takeInventory(daemon.stateDir));
  if (left.length > 0) throw new Error(`something is left: ${left.join('; ')}`);
  const containers = (await runProcess('runc', ['list', '--quiet'])).trim();
  if (containers !== '') throw new Error(`containers are left: ${containers}`);
  fact('nothing is left: no link, no mount, no file, no container (seen by ip, /proc and runc)');
}

const folder = mkdtempSync(join(tmpdir(), 'demo-'));
line(style('netnsd: containers start on networks that are already there', 'bold'));
line(style('All of this runs in a sandbox; the network of this machine is not touched.', 'dim'));
const before = await takeInventory(join(folder, 'state'));
let daemon: DemoDaemon | undefined;
let outside: Outside | undefined;
try {
  step('Containers started at once, until the last has answered; host networking is what runc itself takes');
  await race(levels());
  outside = await openOutside();
  daemon = new DemoDaemon(folder, CONFIG);
  await startDaemon(daemon);
  const stage = { daemon, outside, bundle: () => makeBundle(folder) };
  const web = await reachOutAndIn(stage);
  await recycle(stage);
  await surviveKill(stage, web);
  await web.end();
  await outside.close();
  await cleanUp(daemon, before);
  line();
  line('   `netnsd bench paper` measures all of this with Docker, Podman, containerd and others, and draws a report.');
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  if (daemon !== undefined) console.error(`\nThe daemon's log:\n${daemon.log()}`);
  process.exitCode = 1;
  await daemon?.down().catch(() => {}); // what is left ends with the sandbox
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// What a failure left running ends with the sandbox.
process.exit();
