import { execaSync } from 'execa';
import t from 'tap';
import { runNft } from '../../src/kernel/nftables/nft.js';
import { TableWatch } from '../../src/kernel/nftables/table-watch.js';
import { assertSandbox } from '../guard.js';

assertSandbox();

t.test('a script is carried out as a whole or not at all, and a failure is in the words of nft', async (t) => {
  await runNft('add table ip watched\nadd chain ip watched one\n');
  t.teardown(() => runNft('delete table ip watched\n'));
  await t.rejects(runNft('add chain ip watched two\nadd chain ip nowhere one\n'), {
    code: 'kernel_error',
    message: /^nft failed: .*No such file or directory/,
  });
  t.notMatch(execaSync('nft', ['list', 'table', 'ip', 'watched']).stdout, 'two');
});

t.test('changes of one table are heard, those of others are not', async (t) => {
  using watch = new TableWatch('heard');
  t.notOk(watch.changed());
  await runNft('add table ip heard\n');
  t.ok(watch.changed(), 'it was made');
  t.notOk(watch.changed(), 'once');
  await runNft('add table ip other\nadd chain ip other one\ndelete table ip other\n');
  t.notOk(watch.changed());
  await runNft('add set ip heard some { type ipv4_addr; }\n');
  t.ok(watch.changed(), 'a set in it');
  await runNft('add element ip heard some { 192.0.2.1 }\n');
  t.ok(watch.changed(), 'an element');
  execaSync('nft', ['flush', 'ruleset']);
  t.ok(watch.changed(), 'all was flushed');
});
