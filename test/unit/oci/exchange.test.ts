import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { leaseBundle } from '../../../src/containers/lease-bundle.js';
import { NetnsdError } from '../../../src/errors.js';
import { world } from '../pool/fakes.js';
import { SPEC_TEXT } from './fixture.js';

const ROUNDS = 1500;

/** Ways of exchanging what is at `bundle` over and over; `victim` is a folder that no client may have written to. */
const EXCHANGES = {
  'the folder for another one': `
    fs.renameSync(bundle, spare); fs.renameSync(victim, bundle);
    fs.renameSync(bundle, victim); fs.renameSync(spare, bundle);`,
  'the folder for a symlink': `
    fs.renameSync(bundle, spare); fs.symlinkSync(victim, bundle);
    fs.unlinkSync(bundle); fs.renameSync(spare, bundle);`,
  'config.json for a symlink': `
    fs.renameSync(file, file + '.spare'); fs.symlinkSync(victim + '/config.json', file);
    fs.unlinkSync(file); fs.renameSync(file + '.spare', file);`,
  'config.json for a hard link': `
    fs.renameSync(file, file + '.spare'); fs.linkSync(victim + '/config.json', file);
    fs.renameSync(file + '.spare', file);`,
  'config.json for a fifo': `
    fs.renameSync(file, file + '.spare'); fs.renameSync(spare + '.fifo', file);
    fs.renameSync(file, spare + '.fifo'); fs.renameSync(file + '.spare', file);`,
};

interface Stage {
  readonly folder: string;
  readonly bundle: string;
  readonly victim: string;
}

function stage(t: Test): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'exchange-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const made = { folder, bundle: join(folder, 'bundle'), victim: join(folder, 'victim') };
  for (const one of [made.bundle, made.victim]) {
    mkdirSync(one);
    writeFileSync(join(one, 'config.json'), SPEC_TEXT);
  }
  return made;
}

/** Another process that exchanges what is at the bundle's path as fast as it can, until it is killed. */
async function exchanging(t: Test, { folder, bundle, victim }: Stage, how: string) {
  const script = `const fs = require('fs'), [bundle, victim, spare] = process.argv.slice(1), file = bundle + '/config.json';
    require('child_process').execFileSync('mkfifo', [spare + '.fifo']);
    console.log('on'); for (;;) { try { ${how} } catch {} }`;
  const child = spawn(process.execPath, ['-e', script, bundle, victim, join(folder, 'spare')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
}

for (const [what, how] of Object.entries(EXCHANGES).slice(1)) {
  t.test(`a client that exchanges ${what} all the time has nothing written elsewhere`, async (t) => {
    const made = stage(t);
    const { pools, clock } = world({ pools: [{ minReady: 4, max: 8 }] });
    await clock.settle();
    const stop = await exchanging(t, made, how);
    const outcomes = { patched: 0, refused: 0 };
    const enough = (round: number) => round >= ROUNDS && outcomes.patched > 0 && outcomes.refused > 0;
    for (let round = 0; !enough(round) && round < 20 * ROUNDS; round += 1) {
      const signal = new AbortController().signal;
      try {
        const { lease } = await leaseBundle(pools, { bundle: made.bundle, containerId: 'c', signal });
        outcomes.patched += 1;
        if (lease !== undefined) pools.release(lease.id);
      } catch (error) {
        if (!(error instanceof NetnsdError) || error.code !== 'bundle_invalid') throw error;
        outcomes.refused += 1;
      }
      if (round % 2 === 0) await clock.settle();
    }
    await stop();
    const spec = readFileSync(join(made.victim, 'config.json'), 'utf8');
    // By the symlinked folder the client itself named the other bundle, which root may: that one is written to, as a bundle.
    if (what !== 'the folder for a symlink') t.equal(spec, SPEC_TEXT, 'the other file is as it was');
    t.same(readdirSync(made.victim), ['config.json'], 'and nothing is beside it');
    t.ok(outcomes.patched > 0 && outcomes.refused > 0, JSON.stringify(outcomes));
    t.same(pools.leases(), [], 'what was refused holds nothing');
  });
}

t.test('a folder that is exchanged after it was opened is not the one that is written to', async (t) => {
  const made = stage(t);
  const { pools, clock } = world({ pools: [{ minReady: 4, max: 8 }] });
  await clock.settle();
  const stop = await exchanging(t, made, EXCHANGES['the folder for another one']);
  let patched = 0;
  for (let round = 0; round < ROUNDS && patched < 50; round += 1) {
    try {
      const signal = new AbortController().signal;
      const { lease } = await leaseBundle(pools, { bundle: made.bundle, containerId: `c${round}`, signal });
      if (lease !== undefined) pools.release(lease.id);
      patched += 1;
    } catch (error) {
      if (!(error instanceof NetnsdError) || error.code !== 'bundle_invalid') throw error;
    }
    await clock.settle();
  }
  await stop();
  const folders = readdirSync(made.folder).filter((name) => !name.endsWith('.fifo'));
  const texts = folders.map((name) => readFileSync(join(made.folder, name, 'config.json'), 'utf8'));
  t.equal(texts.length, 2);
  for (const text of texts) t.ok(JSON.parse(text).linux.namespaces, 'each is whole, whichever was named at the time');
  for (const name of folders) t.same(readdirSync(join(made.folder, name)), ['config.json']);
});
