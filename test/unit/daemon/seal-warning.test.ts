import t from 'tap';
import { warnOfMissingSeals } from '../../../src/daemon/seal-warning.js';

t.test('the log says why endpoints are not sealed, and nothing where they are', async (t) => {
  const logged: [object, string][] = [];
  const log = { warn: (details: object, message: string) => void logged.push([details, message]) };
  t.equal(await warnOfMissingSeals({ sealing: async () => null }, log), null);
  t.same(logged, []);
  const why = await warnOfMissingSeals({ sealing: async () => 'attach a program to /sys/fs/cgroup: EPERM' }, log);
  t.match(why, /each release reads some 600 files.*EPERM/, 'netnsd status says the same');
  t.match(logged, [[{ why: /EPERM/ }, /each release reads some 600 files/]]);
  await warnOfMissingSeals({ sealing: () => Promise.reject(new Error('it has ended')) }, log);
  t.match(logged[1], [{ err: { message: 'it has ended' } }]);
});
