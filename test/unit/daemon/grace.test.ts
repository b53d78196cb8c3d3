import t from 'tap';
import { Grace } from '../../../src/daemon/grace.js';

function makeGrace() {
  let end = () => {};
  let waits = 0;
  const grace = new Grace(() => {
    waits += 1;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  return { grace, end: () => end(), waits: () => waits };
}
const never = new Promise<void>(() => {});

t.test('what is closed one after the other has one deadline', async (t) => {
  const { grace, end, waits } = makeGrace();
  t.equal(waits(), 0, 'which begins with the first of it');
  t.equal(await grace.within(Promise.resolve()), true);
  const second = grace.within(never);
  end();
  t.equal(await second, false);
  const abandoned: string[] = [];
  {
    await using _late = grace.closing(
      () => never,
      () => abandoned.push('late'),
    );
    await using _early = grace.closing(
      async () => {},
      () => abandoned.push('early'),
    );
  }
  t.same(abandoned, ['late']);
  t.equal(waits(), 1);
});

t.test('what fails while it is closed fails the shutdown', async (t) => {
  const { grace } = makeGrace();
  await t.rejects(grace.within(Promise.reject(new Error('stuck'))), { message: 'stuck' });
});
