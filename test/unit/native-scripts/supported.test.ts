import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { block, readPage, TOP } from '../docs/markdown.js';

interface Runs {
  machines: object[];
  nodes: object[];
}
const { render } = (await import(pathToFileURL(`${TOP}native-scripts/supported.mjs`).href)) as {
  render(text: string, runs: Runs): string;
};

const OUTCOME = { date: '2026-01-02', kernel: '6.1.0', passed: 7 };
const EMPTY = '<!-- machines:start -->\n<!-- machines:end -->\n<!-- nodes:start -->\n<!-- nodes:end -->\n';

t.test('docs/supported.md is what docs/supported.json says, and has runs by Node.js', async (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['native-scripts/supported.mjs', '--check'], {
    cwd: TOP,
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  t.match(block(readPage('docs/supported.md'), 'nodes'), /^\| \d+\.\d+\.\d+ \| .* passed \|$/m);
});

t.test('the page has each run with its date, and says which failed', async (t) => {
  const machine = {
    ...OUTCOME,
    distribution: 'Debian',
    systemd: '252',
    parts: 'service, storm',
    node: '22.1.0',
    runtimes: { runc: '1.1', crun: '1.8' },
  };
  const page = render(EMPTY, {
    machines: [{ ...machine, failed: 0 }],
    nodes: [{ ...OUTCOME, node: '22.1.0', failed: 2 }],
  });
  t.match(page, '| Debian | 6.1.0 | 252 | 22.1.0 | runc 1.1, crun 1.8 | 2026-01-02 | service, storm: 7 passed |');
  t.match(page, '| 22.1.0 | 6.1.0 | 2026-01-02 | 7 passed, **2 failed** |');
});

t.test('the parts of vagrant/test are those that it and the page for contributors name', async (t) => {
  const files = readdirSync(`${TOP}vagrant/checks`).filter((name) => name.endsWith('.sh'));
  const parts = files.map((name) => name.replace('.sh', '')).sort();
  const [, table = ''] =
    /parts are files of `vagrant\/checks`:\n\n([\s\S]*?)\n\n/.exec(readPage('CONTRIBUTING.md')) ?? [];
  const rows = table.split('\n').map((row) => row.split('|')[1] ?? '');
  t.same([...rows.join().matchAll(/`(\w+)`/g)].map(([, part]) => part).sort(), parts);
  const [, head = ''] = /^([\s\S]*?)\nset -/.exec(readFileSync(`${TOP}vagrant/test`, 'utf8')) ?? [];
  t.same([...head.matchAll(/^# {3}(\w+) {2,}/gm)].map(([, part]) => part).sort(), parts);
});

t.test('bash reads every script of vagrant', async (t) => {
  const scripts = ['box', 'facts', 'image', 'machine', 'provision', 'test'].map((name) => `vagrant/${name}`);
  const parts = readdirSync(`${TOP}vagrant/checks`).filter((name) => name.endsWith('.sh'));
  for (const file of [...scripts, ...parts.map((name) => `vagrant/checks/${name}`)])
    t.equal(spawnSync('bash', ['-n', file], { cwd: TOP, encoding: 'utf8' }).stderr, '', file);
});
