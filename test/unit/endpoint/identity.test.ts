import fc from 'fast-check';
import t from 'tap';
import { aliasOf, chooseInstanceId, identityOf, isOwn, ownAlias, shortHash } from '../../../src/endpoint/identity.js';

const BOOT = '9c2e5a3e-6a0f-4a59-8f0e-6f2c7c1a8b11';
const ME = { identity: identityOf({ bootId: BOOT, stateDir: '/run/netnsd' }) };

t.test('four characters stand for a path, the same ever after', (t) => {
  t.equal(shortHash('/run/netnsd'), shortHash('/run/netnsd'));
  t.not(shortHash('/run/netnsd'), shortHash('/run/netnsd2'));
  fc.assert(fc.property(fc.string(), (stateDir) => /^[a-z2-7]{4}$/.test(shortHash(stateDir))));
  t.end();
});

t.test('an alias is read back by its own daemon, and by no other', (t) => {
  t.equal(ownAlias(ME, aliasOf(ME, 'default-1')), 'default-1');
  const others = [
    { bootId: BOOT, stateDir: '/run/netnsd-2' },
    { bootId: BOOT.replace('9', '8'), stateDir: '/run/netnsd' },
    // Ends as the alias of another would.
    { bootId: BOOT, stateDir: `/x default-1 ${ME.identity}` },
  ];
  for (const other of others) t.equal(ownAlias(ME, aliasOf({ identity: identityOf(other) }, 'default-1')), undefined);
  for (const alias of [undefined, '', 'mine', 'netnsd k3f9 default-1', `netnsd  ${ME.identity}`])
    t.equal(ownAlias(ME, alias), undefined, String(alias));
  t.ok(isOwn(ME, { alias: undefined }), 'a link that has no alias yet may be of a build that was cut short');
  t.notOk(isOwn(ME, { alias: 'mine' }));
  t.end();
});

t.test('an alias fits into the kernel, whatever the path', (t) => {
  const path = fc.string({ minLength: 1, maxLength: 2000, unit: 'grapheme' });
  fc.assert(
    fc.property(path, (stateDir) => {
      const alias = aliasOf({ identity: identityOf({ bootId: BOOT, stateDir }) }, `${'p'.repeat(32)}-${1e15}`);
      return Buffer.byteLength(alias) <= 255;
    }),
  );
  t.end();
});

t.test(
  'the instance id is that of the daemon objects, else the recorded one, else of the path; never one in use',
  (t) => {
    const own = (name: string) => ({ name, alias: aliasOf(ME, 'default-1') });
    const foreign = (name: string) => ({ name, alias: aliasOf({ identity: `${BOOT} /other` }, 'default-1') });
    const first = shortHash('/run/netnsd');
    const rows: [string, Partial<Parameters<typeof chooseInstanceId>[0]>, string][] = [
      ['nothing is there', {}, first],
      ['recorded', { recorded: 'abcd' }, 'abcd'],
      ['own objects', { recorded: 'abcd', links: [own('ndefgh-1')] }, 'efgh'],
      ['the recorded one is of another daemon', { recorded: 'abcd', links: [foreign('nbabcd-aaaa.0')] }, first],
      ['a build that was cut short', { links: [{ name: `nd${first}-1`, alias: undefined }] }, first],
      ['the one of the path is of another', { links: [foreign(`nd${first}-1`)] }, shortHash('/run/netnsd\n1')],
      ['a daemon that runs has it', { claim: (id) => id !== first }, shortHash('/run/netnsd\n1')],
    ];
    const base = { ...ME, stateDir: '/run/netnsd', links: [], recorded: undefined, claim: () => true };
    for (const [what, more, wanted] of rows) t.equal(chooseInstanceId({ ...base, ...more }), wanted, what);
    t.throws(() => chooseInstanceId({ ...base, claim: () => false }), { code: 'state_dir_locked' });
    t.end();
  },
);
