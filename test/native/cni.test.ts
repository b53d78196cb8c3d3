import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { type CniCall, callPlugin, cniEnvironment, cniProgram } from './cni.js';
import { run } from './program.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage } from './stage.js';

const plugin = cniProgram({ sanitized: true });

/** Code and version of the error that a call ends with. */
async function failureOf(call: CniCall) {
  const { status, stderr, json } = await callPlugin(plugin, call);
  return { status, stderr, code: json.code, version: json.cniVersion, msg: json.msg ?? '' };
}

t.test('VERSION lists the versions, in the version that was asked', async (t) => {
  const supportedVersions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'];
  for (const cniVersion of supportedVersions) {
    const { status, json } = await callPlugin(plugin, { command: 'VERSION', config: { cniVersion } });
    t.strictSame([status, json], [0, { cniVersion, supportedVersions }]);
  }
  const { json } = await callPlugin(plugin, { command: 'VERSION', config: { cniVersion: '9.9.9' } });
  t.strictSame(json, { cniVersion: '1.1.0', supportedVersions });
});

t.test('a person who runs the plugin is told what it is', async (t) => {
  const ended = await run(plugin, [], { env: {}, input: '' });
  t.match(ended, { status: 1, stdout: '', stderr: /^netnsd-cni is a CNI plugin .*\n$/ });
});

t.test('an error has the version of the configuration, and the newest where there is none', async (t) => {
  const call = { command: 'ADD', netns: '/nowhere' };
  t.match(await failureOf({ ...call, config: { cniVersion: '0.4.0' } }), {
    status: 1,
    code: 3,
    version: '0.4.0',
    stderr: '',
  });
  t.match(await failureOf({ ...call, config: { cniVersion: '0.2.0' } }), { code: 1, version: '1.1.0' });
  t.match(await failureOf({ ...call, config: '{' }), { code: 6, version: '1.1.0' });
  t.match(await failureOf({ ...call, config: { bridge: 'cni0' } }), {
    code: 7,
    msg: /"bridge" is no key of netnsd-cni/,
  });
  t.match(await failureOf({ ...call, ifname: '' }), { code: 4, msg: 'CNI_IFNAME is missing' });
  t.match(await failureOf({ ...call, config: { runtimeConfig: { mac: '02:00:00:00:00:01' } } }), { code: 2 });
});

t.test('a CNI_NETNS that is no network namespace is refused before anything is taken', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage);
  const socket = stage.socket;
  writeFileSync(stage.path('file'), '');
  mkdirSync(stage.path('folder'));
  symlinkSync(stage.path('file'), stage.path('link'));
  symlinkSync(stage.path('gone'), stage.path('dangling'));
  symlinkSync('loop', stage.path('loop'));
  execFileSync('mkfifo', [stage.path('fifo')]);
  const netns = {
    [stage.path('file')]: 4,
    [stage.path('folder')]: 4,
    [stage.path('link')]: 4,
    [stage.path('fifo')]: 4,
    [stage.path('loop')]: 4,
    [stage.path('dangling')]: 3,
    [stage.path('missing')]: 3,
    '/dev/null': 4,
    '/proc/self/ns/mnt': 4,
    '/proc/999999999/ns/net': 3,
    'relative/path': 4,
  };
  for (const [path, code] of Object.entries(netns))
    t.match(await failureOf({ command: 'ADD', netns: path, config: { socket } }), { status: 1, code }, path);
  t.strictSame([shelf.names('offers/default/unused'), shelf.names('holders')], [['default-1'], []]);
  t.notOk(existsSync(stage.path('attachments')));
});

t.test("the host's own namespace is never touched", async (t) => {
  const stage = makeStage(t);
  layOutShelf(t, stage);
  const call = { command: 'ADD', netns: '/proc/self/ns/net', config: { socket: stage.socket } };
  t.match(await failureOf(call), { code: 102, msg: /the host's own network namespace/ });
  t.notOk(existsSync(stage.path('attachments')));
});

t.test('ids, names and paths of every kind leave no file outside of the folder', async (t) => {
  const stage = makeStage(t);
  layOutShelf(t, stage);
  const before = readdirSync(stage.folder);
  const config = { socket: stage.socket };
  const hostile = [
    '..',
    '../../x',
    '/etc/passwd',
    'a\nb',
    'a b',
    '.hidden',
    '-x',
    'ä',
    '%00',
    'x'.repeat(4000),
    '$(id)',
    'a@b',
    ' ',
  ];
  for (const text of hostile) {
    t.match(
      await failureOf({ command: 'ADD', id: text, netns: '/proc/self/ns/net', config }),
      { code: 4 },
      `id ${text}`,
    );
    t.match(await failureOf({ command: 'DEL', id: text, config }), { code: 4 }, `id ${text}`);
    t.match(
      await failureOf({ command: 'ADD', netns: '/nowhere', config: { ...config, name: text } }),
      { code: 7 },
      `name ${text}`,
    );
    const { code } = await failureOf({ command: 'ADD', netns: text, config });
    t.ok(code === 4 || code === 3, `netns ${text}`);
  }
  for (const ifname of ['..', 'a/b', 'a b', 'eth%d', 'x'.repeat(16), 'a:b', 'é'])
    t.match(await failureOf({ command: 'ADD', ifname, netns: '/nowhere', config }), { code: 4 }, `ifname ${ifname}`);
  t.strictSame(readdirSync(stage.folder), before);
});

t.test('DEL of what was never attached succeeds, with and without a namespace, a shelf and a daemon', async (t) => {
  const stage = makeStage(t);
  const config = { socket: stage.socket };
  for (const netns of [undefined, '/nowhere', '/proc/self/ns/net'])
    t.match(await callPlugin(plugin, { command: 'DEL', config, ...(netns && { netns }) }), {
      status: 0,
      stdout: '',
      stderr: '',
    });
  layOutShelf(t, stage);
  t.match(await callPlugin(plugin, { command: 'DEL', config }), { status: 0, stdout: '' });
  t.match(await callPlugin(plugin, { command: 'DEL', config, id: 'x'.repeat(250) }), { status: 0 });
});

t.test('STATUS: what can serve an ADD is the shelf or the daemon', async (t) => {
  const stage = makeStage(t);
  const config = { socket: stage.socket };
  rmSync(stage.folder, { recursive: true });
  t.match(
    await failureOf({ command: 'STATUS', config }),
    { status: 1, code: 50, msg: /cannot be reached/ },
    'netnsd never ran',
  );
  mkdirSync(stage.folder);
  const shelf = layOutShelf(t, stage);
  t.match(await callPlugin(plugin, { command: 'STATUS', config }), { status: 0, stdout: '' }, 'an offer lies there');
  shelf.withdraw('default-1');
  t.match(await failureOf({ command: 'STATUS', config }), { code: 50 }, 'nothing lies there, and no daemon answers');
});

t.test('a folder of attachments that others may write to is not used', async (t) => {
  const stage = makeStage(t);
  const config = { socket: stage.socket };
  mkdirSync(stage.path('attachments'), { mode: 0o777 });
  execFileSync('chmod', ['777', stage.path('attachments')]);
  t.match(await failureOf({ command: 'DEL', config }), { code: 5, msg: /others may write to it/ });
  rmSync(stage.path('attachments'), { recursive: true });
  mkdirSync(stage.path('elsewhere'));
  symlinkSync(stage.path('elsewhere'), stage.path('attachments'));
  t.match(await callPlugin(plugin, { command: 'DEL', config }), { status: 0 }, 'a link is as good as none');
  t.equal(statSync(stage.path('elsewhere')).isDirectory(), true);
});

t.test('a configuration that does not end is refused', async (t) => {
  const call = { command: 'ADD', netns: '/nowhere', config: ' '.repeat(1_100_000) };
  t.match(await failureOf(call), { code: 6, msg: /larger than 1048576 bytes/ });
  const stage = makeStage(t);
  const env = cniEnvironment({ command: 'ADD', netns: '/nowhere' });
  const ended = await run(plugin, [], { env, input: null, cwd: stage.folder });
  t.match(JSON.parse(ended.stdout), { code: 5 });
});
