import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { program, run } from './program.js';
import { layOutShelf, type Shelf } from './shelf-stage.js';
import { makeStage, specWith } from './stage.js';

const netnsdRunc = program({ sanitized: true });

function replaceByFile(path: string): void {
  rmSync(path, { recursive: true });
  writeFileSync(path, '');
}

const shelves: [string, (shelf: Shelf) => void][] = [
  [
    'offers FIFOs, folders and files',
    (shelf) => {
      const path = (name: string) => shelf.path('offers/default', name);
      execFileSync('mkfifo', [path('fifo')]);
      mkdirSync(path('folder'));
      writeFileSync(path('file'), shelf.text('default-1'));
    },
  ],
  [
    'offers texts of 4000 bytes',
    (shelf) => {
      shelf.offer('long', 'x'.repeat(4000));
      shelf.offer('endpoint', `${'e'.repeat(3900)} 10.0.0.1/16 /x`);
      shelf.offer('address', `e ${'1'.repeat(3900)} /x`);
    },
  ],
  [
    'offers texts without blanks, or of nothing else',
    (shelf) => {
      for (const text of ['x', ' ', '  ', '   ', 'a ', 'a b', 'a b ', ' b /c'])
        shelf.offer(`t${text.length}-${text.trim().length}`, text);
    },
  ],
  [
    'offers names that no endpoint has',
    (shelf) => {
      for (const name of ['.hidden', 'a b', '\x1b[31m', 'é', 'x'.repeat(255)])
        shelf.offer(name, name.length === 255 ? '/' : undefined);
    },
  ],
  [
    'offers thousands of nothings',
    (shelf) => {
      for (let index = 0; index < 3000; index += 1) shelf.offer(`n${index}`, 'x');
    },
  ],
  [
    'is full of files where folders belong',
    (shelf) => {
      shelf.offer('default-1');
      for (const name of ['taken', 'standing', 'returned']) replaceByFile(shelf.path(name));
    },
  ],
  [
    'has no folder for holders',
    (shelf) => {
      shelf.offer('default-1');
      replaceByFile(shelf.path('holders'));
    },
  ],
  [
    'has a holder that is a dangling link',
    (shelf) => {
      shelf.offer('default-1');
      symlinkSync('../nowhere', shelf.path('holders/c1'));
    },
  ],
  [
    'has a default pool that is a dangling link',
    (shelf) => {
      rmSync(shelf.path('offers/@default'));
      symlinkSync('nowhere', shelf.path('offers/@default'));
    },
  ],
  [
    'has a default pool that is a link to itself',
    (shelf) => {
      rmSync(shelf.path('offers/@default'));
      symlinkSync('@default', shelf.path('offers/@default'));
    },
  ],
  [
    'has a FIFO for a lock',
    (shelf) => {
      shelf.offer('default-1');
      rmSync(shelf.path('open'));
      execFileSync('mkfifo', [shelf.path('open')]);
    },
  ],
  [
    'is a link',
    (shelf) => {
      shelf.offer('default-1');
      renameSync(shelf.folder, `${shelf.folder}-real`);
      symlinkSync(`${shelf.folder}-real`, shelf.folder);
    },
  ],
  ['is a file', (shelf) => replaceByFile(shelf.folder)],
];

/** As the daemon does for a lease that was asked for, where the shelf can be written to. */
function markHolder(shelf: Shelf): void {
  try {
    symlinkSync('lease', shelf.path('holders', 'c1'));
  } catch {
    // Then there is no such folder to look into either.
  }
}

for (const [title, spoil] of shelves) {
  t.test(`a shelf that ${title} has the daemon asked`, async (t) => {
    const stage = makeStage(t);
    await stage.startDaemon();
    const shelf = layOutShelf(t, stage, { offers: 0 });
    stage.writeSpec(specWith({ annotations: { a: 'b' } }));
    spoil(shelf);
    for (const args of [
      ['create', '-b', stage.bundle, 'c1'],
      ['delete', 'c1'],
    ]) {
      const ended = await run(netnsdRunc, args, { env: stage.env });
      t.strictSame([ended.status, ended.stderr], [0, '']);
      markHolder(shelf);
    }
    t.strictSame(stage.journal(), [
      'POST /v1/oci/patch',
      `runtime create -b ${stage.bundle} c1`,
      'runtime delete c1',
      'DELETE /v1/containers/c1/lease?force=true',
    ]);
    t.notOk(existsSync(shelf.path('nowhere')));
    t.notOk(existsSync(shelf.path('taken/c1')));
  });
}

t.test('an endpoint is taken and given back without a memory error', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage, { offers: 1000 });
  for (const annotations of [{ a: 'b' }, undefined]) {
    stage.writeSpec({ ...specWith(), annotations });
    const ended = await run(netnsdRunc, ['run', '-b', stage.bundle, `c-${annotations?.a}`], { env: stage.env });
    t.strictSame([ended.status, ended.stderr], [0, '']);
  }
  t.strictSame(shelf.names('returned'), ['c-b', 'c-undefined']);
});

t.test('a path of 3900 quotes is written as it is', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage, { offers: 0 });
  shelf.offer('default-1', `default-1 10.0.0.1/16 /${'"'.repeat(3900)}`);
  stage.writeSpec(specWith({ annotations: { a: 'b' } }));
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env: stage.env });
  t.strictSame([ended.status, ended.stderr], [0, '']);
  t.strictSame(shelf.names('taken'), ['c1']);
});
