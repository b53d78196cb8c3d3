import t from 'tap';
import { parseOptions } from '../../../src/bench/options.js';

t.test('a suite alone gets its defaults', async (t) => {
  t.same(parseOptions(['build']), {
    suite: 'build',
    json: false,
    check: false,
    rounds: 5,
    sizes: [100, 1000],
    peers: ['cni', 'ip'],
    starts: 100,
  });
});

t.test('every option is understood', async (t) => {
  const options = parseOptions([
    'acquire',
    '--rounds',
    '3',
    '--sizes',
    '10,500',
    '--json',
    '--check',
    '--peers',
    '',
    '--starts',
    '4',
  ]);
  t.match(options, { suite: 'acquire', rounds: 3, starts: 4, sizes: [10, 500], json: true, check: true });
  t.same(options?.peers, [], 'peers can be left out');
});

t.test('another checkout is named by its absolute path', async (t) => {
  t.match(parseOptions(['boot', '--against', '/srv/old/../netnsd']), { suite: 'boot', against: '/srv/netnsd' });
});

t.test('a plot is named by its absolute path', async (t) => {
  t.match(parseOptions(['scale', '--plot', '/srv/old/../plot.svg', '--sizes', '20,60']), {
    plot: '/srv/plot.svg',
    sizes: [20, 60],
  });
});

t.test('help wins over everything', async (t) => {
  t.equal(parseOptions(['--help']), undefined);
});

t.test('wrong usage is told in one line that says where help is', async (t) => {
  const wrong = [
    [],
    ['sleep'],
    ['build', 'start'],
    ['build', '--rounds', '0'],
    ['build', '--sizes', '100,x'],
    ['build', '--sizes', '10001'],
    ['build', '--peers', 'docker'],
    ['start', '--starts', '0'],
    ['build', '--fast'],
  ];
  for (const argv of wrong) {
    t.throws(
      () => parseOptions(argv),
      { code: 'bad_usage', message: /^[^\n]+; see netnsd bench --help$/ },
      argv.join(' '),
    );
  }
});
