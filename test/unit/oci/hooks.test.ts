import t from 'tap';
import { HOOK_STAGES, hookOf, hooksDirectoryFile, specHooks } from '../../../src/oci/hooks.js';

const HERE = { program: '/usr/local/bin/netnsd-runc', socketPath: null };
const ELSEWHERE = { program: '/opt/n/netnsd-runc', socketPath: '/srv/n.sock' };

t.test("a spec's hooks have an absolute path, the program's own name first, and no limit of time", async (t) => {
  t.strictSame(specHooks(HERE), {
    hooks: {
      createRuntime: [{ path: HERE.program, args: ['netnsd-runc', 'hook', 'createRuntime'] }],
      poststop: [{ path: HERE.program, args: ['netnsd-runc', 'hook', 'poststop'] }],
    },
  });
});

t.test('another socket than the default is told by the environment', async (t) => {
  t.strictSame(hookOf('poststop', ELSEWHERE), {
    path: ELSEWHERE.program,
    args: ['netnsd-runc', 'hook', 'poststop'],
    env: ['NETNSD_SOCKET=/srv/n.sock'],
  });
});

t.test('a hooks directory gets a file a stage, for containers that ask, as oci-hooks(5) has it', async (t) => {
  for (const stage of HOOK_STAGES) {
    const { name, text } = hooksDirectoryFile(stage, { ...HERE, always: false });
    t.equal(name, `netnsd-${stage}.json`, 'only names that end so are read');
    const file = JSON.parse(text);
    t.strictSame(Object.keys(file).sort(), ['hook', 'stages', 'version', 'when']);
    t.strictSame([file.version, file.stages, file.hook], ['1.0.0', [stage], hookOf(stage, HERE)]);
    const [[key, value]] = Object.entries(file.when.annotations) as [[string, string]];
    t.match('dev.netnsd.pool', new RegExp(key));
    t.match('dev.netnsd.tenant', new RegExp(key));
    for (const other of ['dev.netnsd.skip', 'devXnetnsdXpool', 'my.dev.netnsd.pool', 'dev.netnsd.pools'])
      t.notMatch(other, new RegExp(key));
    t.match('web', new RegExp(value));
  }
});

t.test('a hooks directory may speak for every container', async (t) => {
  const { text } = hooksDirectoryFile('createRuntime', { ...HERE, always: true });
  t.strictSame(JSON.parse(text).when, { always: true });
});
