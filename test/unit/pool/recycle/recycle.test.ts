import t from 'tap';
import { type Usage, wayOf } from '../../../../src/pool/recycle/recycle.js';
import { RECYCLE_MODES, TRUSTS, UNKNOWN_SPECS } from '../../../../src/pool/types.js';

const USAGE: Usage = { trust: 'unknown', grafted: false, sealed: true };

/** The way in one word, or why it is replaced. */
function judge(
  usage: Partial<Usage>,
  mode: (typeof RECYCLE_MODES)[number] = 'verify',
  unknown: (typeof UNKNOWN_SPECS)[number] = 'proof',
) {
  const way = wayOf(mode, unknown, { ...USAGE, ...usage });
  return way.way === 'replace' ? way.reason.kind : way.way;
}

t.test('an endpoint of an unprivileged container is verified by seal if it has one, otherwise by proof', async (t) => {
  t.equal(judge({ trust: 'unprivileged' }), 'seal');
  t.equal(judge({ trust: 'unprivileged', sealed: false }), 'proof');
  for (const unknown of UNKNOWN_SPECS) t.equal(judge({ trust: 'unprivileged' }, 'verify', unknown), 'seal', unknown);
});

t.test(
  "an endpoint of a privileged container is replaced, whatever the pool's setting for unknown specs",
  async (t) => {
    for (const unknown of UNKNOWN_SPECS) t.equal(judge({ trust: 'privileged' }, 'verify', unknown), 'privileged');
  },
);

t.test("the pool's setting decides on endpoints of containers whose spec is not known", async (t) => {
  t.equal(judge({}, 'verify', 'proof'), 'proof');
  t.equal(judge({}, 'verify', 'seal'), 'seal');
  t.equal(judge({ sealed: false }, 'verify', 'seal'), 'proof');
  t.equal(judge({}, 'verify', 'replace'), 'unknown container');
});

t.test('a pool that replaces, or reuses without a check, verifies nothing', async (t) => {
  for (const trust of TRUSTS) {
    t.equal(judge({ trust }, 'replace'), 'policy');
    t.equal(judge({ trust }, 'reuse'), 'reuse');
  }
});

t.test('a grafted endpoint, or one that must be replaced, is replaced in every pool', async (t) => {
  const mustReplace = { kind: 'restart', text: 'found dirty at start' };
  for (const mode of RECYCLE_MODES) {
    t.equal(judge({ grafted: true, trust: 'unprivileged' }, mode), 'grafted');
    t.equal(
      judge({ mustReplace, grafted: true, trust: 'privileged' }, mode),
      'restart',
      'the reason that was given counts',
    );
  }
});
