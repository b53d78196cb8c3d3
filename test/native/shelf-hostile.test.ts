import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
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
      const path = (name: string) => shelf.path('offers/default/unused', name);
      execFileSync('mkfifo', [path('fifo')]);
      mkdirSync(path('folder'));
      writeFileSync(path('file'), shelf.text('default-1'));
    },
  ],
  [
    'offers texts of 4000 bytes',
    (shelf) => {
      shelf.offer('long', { text: 'x'.repeat(4000) });
      shelf.offer('token', { text: shelf.text('a', { token: 'e'.repeat(3500) }) });
      shelf.offer('address', { text: shelf.text('a', { addresses: [{ address: '1'.repeat(3500) }] }) });
      shelf.offer('path', { text: shelf.text('a', { netns: { path: `/${'x'.repeat(3400)}`, inode: 1 } }) });
    },
  ],
  [
    'offers texts that say too little, or nonsense',
    (shelf) => {
      const texts = [
        'x',
        ' ',
        '{}',
        '[]',
        '{"token":"a"}',
        '{"token":"a","pool":"b","netns":{}}',
        '{"token":',
        '"\\u0000"',
      ];
      for (const [index, text] of texts.entries()) shelf.offer(`t${index}`, { text });
    },
  ],
  [
    'offers names that no endpoint has',
    (shelf) => {
      for (const name of ['.hidden', 'a b', '\x1b[31m', 'é', 'x'.repeat(255)])
        shelf.offer(name, { text: name.length === 255 ? '/' : shelf.text('default-1') });
    },
  ],
  [
    'offers thousands of nothings',
    (shelf) => {
      for (let index = 0; index < 3000; index += 1) shelf.offer(`n${index}`, { text: 'x' });
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
    'is a link',
    (shelf) => {
      shelf.offer('default-1');
      renameSync(shelf.folder, `${shelf.folder}-real`);
      symlinkSync(`${shelf.folder}-real`, shelf.folder);
    },
  ],
  ['is a file', (shelf) => replaceByFile(shelf.folder)],
  ['offers a namespace that is gone', (shelf) => offerGone(shelf, (path) => rmSync(path))],
  [
    'offers a namespace at whose path another one is',
    (shelf) =>
      offerGone(shelf, (path) => {
        writeFileSync(`${path}.new`, '');
        renameSync(`${path}.new`, path);
      }),
  ],
];

function offerGone(shelf: Shelf, spoil: (path: string) => void): void {
  shelf.offer('default-1');
  spoil(shelf.netns('default-1'));
}

/** As the daemon does for a lease that was asked for, after it has entered what was given back; where the shelf can be written to. */
function markHolder(shelf: Shelf): void {
  try {
    for (const folder of ['returned', 'holders']) rmSync(shelf.path(folder, 'c1'), { force: true });
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

t.test('a path of many quotes is written as it is', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage, { offers: 0 });
  const folder = stage.path(['"'.repeat(250), '"'.repeat(250), '"'.repeat(250)].join('/'));
  mkdirSync(folder, { recursive: true });
  const path = `${folder}/${'"'.repeat(250)}`;
  writeFileSync(path, '');
  shelf.offer('default-1', { text: shelf.text('default-1', { netns: { path, inode: statSync(path).ino } }) });
  stage.writeSpec(specWith({ annotations: { a: 'b' } }));
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env: stage.env });
  t.strictSame([ended.status, ended.stderr], [0, '']);
  t.strictSame(shelf.names('taken'), ['c1']);
});
