import t from 'tap';
import { SUITES } from '../../../src/bench/options.js';
import { run } from './fake.js';

const COMMANDS = [
  'serve',
  'acquire',
  'release',
  'list',
  'inspect',
  'status',
  'pool',
  'pool list',
  'pool set',
  'oci',
  'oci patch',
  'events',
  'doctor',
  'bench',
  'down',
];

for (const command of COMMANDS) {
  t.test(`netnsd ${command} --help explains itself with an example`, async (t) => {
    const { status, stdout, stderr, started } = await run([...command.split(' '), '--help']);
    t.equal(status, 0);
    t.match(stdout, new RegExp(`^Usage: netnsd ${command} `));
    t.match(stdout, /\nExamples?:\n {2}\$ .*netnsd .* {2}# \w/);
    t.equal(stderr, '');
    t.strictSame(started, []);
  });
}

t.test('netnsd alone prints its help on stderr and fails as wrong usage', async (t) => {
  const { status, stdout, stderr } = await run([]);
  t.equal(status, 2);
  t.equal(stdout, '');
  for (const command of COMMANDS) t.match(stderr, new RegExp(`\n  ${command.split(' ')[0]} `));
});

t.test('help and version that were asked for are no failures', async (t) => {
  const help = await run(['--help']);
  t.strictSame([help.status, help.stderr], [0, '']);
  t.match((await run(['help', 'acquire'])).stdout, /^Usage: netnsd acquire/);
  for (const words of ['help oci patch', 'oci help patch'])
    t.match(await run(words.split(' ')), { status: 0, stdout: /^Usage: netnsd oci patch/, stderr: '' });
  t.strictSame(await run(['help']), help);
  t.strictSame(await run(['--version']), { status: 0, stdout: '1.2.3\n', stderr: '', started: [] });
});

t.test('an argument of kilobytes is shortened in the message', async (t) => {
  const { stderr } = await run(['acquire', '--ttl', `a${'ä'.repeat(9000)}z`]);
  t.match(stderr, /^netnsd: option '--ttl <SECONDS>' argument 'aä+…ä+z' is invalid\. .*--help`\n$/);
  t.ok(stderr.length < 600);
});

t.test('netnsd bench --help lists the suites', async (t) => {
  const { stdout } = await run(['bench', '--help']);
  for (const suite of [...SUITES, 'sizing']) t.match(stdout, new RegExp(`\n  ${suite} `));
});

const WRONG: [argv: string[], stderr: string][] = [
  [['acquier'], "unknown command 'acquier' (Did you mean acquire?); see `netnsd --help`"],
  [['status', 'x'], "unexpected argument 'x'; see `netnsd status --help`"],
  [['inspect', 'a', 'b'], "unexpected argument 'b'; see `netnsd inspect --help`"],
  [['help', 'acquier'], "unknown command 'acquier'; see `netnsd --help`"],
  [['help', 'oci', 'pach'], "unknown command 'pach'; see `netnsd oci --help`"],
  [['oci', 'help', 'pach'], "unknown command 'pach'; see `netnsd oci --help`"],
  [['pool', 'sett'], "unknown command 'sett' (Did you mean set?); see `netnsd pool --help`"],
  [['acquire', '--cuont', '3'], "unknown option '--cuont' (Did you mean --count?); see `netnsd acquire --help`"],
  [['acquire', 'x'], "unexpected argument 'x'; give a container by --id; see `netnsd acquire --help`"],
  [
    ['acquire', '--count', '0'],
    "option '--count <N>' argument '0' is invalid. It must be a whole number, 1 or more; see `netnsd acquire --help`",
  ],
  [
    ['acquire', '--count', '1e3'],
    "option '--count <N>' argument '1e3' is invalid. It must be a whole number, 1 or more; see `netnsd acquire --help`",
  ],
  [
    ['acquire', '--wait', '-1'],
    "option '--wait <SECONDS>' argument '-1' is invalid. It must be a number of seconds, 0 or more, such as 30 or 0.5; see `netnsd acquire --help`",
  ],
  [
    ['acquire', '--ttl', '0'],
    "option '--ttl <SECONDS>' argument '0' is invalid. It must be a number of seconds, more than 0, such as 30 or 0.5; see `netnsd acquire --help`",
  ],
  [
    ['acquire', '--count', '2', '--id', 'a'],
    "option '--id <CONTAINER_ID>' cannot be used with option '--count <N>'; see `netnsd acquire --help`",
  ],
  [['acquire', '--path', '--json'], "option '--path' cannot be used with option '--json'; see `netnsd acquire --help`"],
  [
    ['acquire', '--id', ''],
    "option '--id <CONTAINER_ID>' argument '' is invalid. It must not be empty; see `netnsd acquire --help`",
  ],
  [['release'], 'give either LEASE_IDs or --id; see `netnsd release --help`'],
  [['release', 'l-1', '--id', 'a'], 'give either LEASE_IDs or --id; see `netnsd release --help`'],
  [['release', 'l-1', '--pool', 'a'], '--pool requires --id; see `netnsd release --help`'],
  [['inspect'], "missing required argument 'ID'; see `netnsd inspect --help`"],
  [['pool', 'set', 'web'], 'give --min-ready, --max or both; see `netnsd pool set --help`'],
  [['oci', 'patch', '.'], "required option '--id <CONTAINER_ID>' not specified; see `netnsd oci patch --help`"],
  [
    ['serve', '--log-level', 'loud'],
    "option '--log-level <LEVEL>' argument 'loud' is invalid. Allowed choices are trace, debug, info, warn, error; see `netnsd serve --help`",
  ],
  [
    ['status', '--socket', `/${'s'.repeat(107)}`],
    'the path of the socket has 108 bytes, and the limit is 107: choose a shorter one with --socket; see `netnsd status --help`',
  ],
  [['list', 'a\n\u001b[2Jb'], "unexpected argument 'a \ufffd[2Jb'; give a container by --id; see `netnsd list --help`"],
  [['a\n\u001b[2Jb'], "unknown command 'a \ufffd[2Jb'; see `netnsd --help`"],
];

for (const [argv, stderr] of WRONG) {
  t.test(`netnsd ${JSON.stringify(argv.join(' '))} is refused in one line with status 2`, async (t) => {
    t.strictSame(await run(argv), { status: 2, stdout: '', stderr: `netnsd: ${stderr}\n`, started: [] });
  });
}
