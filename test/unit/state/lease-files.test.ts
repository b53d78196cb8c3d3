import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LeaseFiles } from '../../../src/state/index.js';

const ID = '0123456789abcdef';
const OTHER = 'fedcba9876543210';

t.test('files of a lease are written, and removed with it', async (t) => {
  const directory = t.testdir();
  const files = new LeaseFiles(directory);
  const paths = files.write(ID, { hosts: 'one\n', 'resolv.conf': 'two\n' });
  t.equal(readFileSync(paths.hosts, 'utf8'), 'one\n');
  t.equal(readFileSync(paths['resolv.conf'], 'utf8'), 'two\n');
  t.equal(statSync(paths.hosts).mode & 0o777, 0o644, 'a container may run as any user');
  t.equal(statSync(join(directory, 'dns')).mode & 0o777, 0o700, "the machine's own users stay out");
  t.strictSame(readdirSync(join(directory, 'dns', ID)).sort(), ['hosts', 'resolv.conf']);
  files.remove(OTHER);
  files.remove(ID);
  t.strictSame(readdirSync(join(directory, 'dns')), []);
  files.remove(ID);
});

t.test('a file that is written again is replaced, and not changed under its reader', async (t) => {
  const files = new LeaseFiles(t.testdir());
  const { hosts } = files.write(ID, { hosts: 'one\n' });
  const inode = statSync(hosts).ino;
  t.equal(files.write(ID, { hosts: 'two\n' }).hosts, hosts);
  t.not(statSync(hosts).ino, inode);
  t.equal(readFileSync(hosts, 'utf8'), 'two\n');
});

t.test('a start keeps the files of leases that have not ended, and removes all others', async (t) => {
  const directory = t.testdir({ dns: { [ID]: { hosts: '' }, [OTHER]: { hosts: '' }, stray: 'a file' } });
  const files = new LeaseFiles(directory);
  t.strictSame(files.removeEnded((id) => id === ID).sort(), [OTHER, 'stray']);
  t.strictSame(readdirSync(join(directory, 'dns')), [ID]);
  files.remove(ID);
  t.notOk(existsSync(join(directory, 'dns', ID)), 'the files of a lease that stands go with it');
  t.strictSame(
    new LeaseFiles(t.testdir()).removeEnded(() => true),
    [],
    'nothing was ever written',
  );
});

t.test('files that a client writes while a daemon starts stay, and go with their lease', async (t) => {
  const directory = t.testdir({ dns: { [OTHER]: { hosts: '' } } });
  const files = new LeaseFiles(directory);
  mkdirSync(join(directory, 'dns', ID));
  writeFileSync(join(directory, 'dns', ID, 'hosts'), '');
  t.strictSame(
    files.removeEnded(() => false),
    [OTHER],
  );
  t.strictSame(readdirSync(join(directory, 'dns')), [ID]);
  files.remove(ID);
  t.strictSame(readdirSync(join(directory, 'dns')), []);
});

t.test('a failed write throws state_write_failed', async (t) => {
  const directory = t.testdir();
  mkdirSync(join(directory, 'dns'));
  writeFileSync(join(directory, 'dns', ID), 'in the way');
  t.throws(() => new LeaseFiles(directory).write(ID, { hosts: '' }), {
    code: 'state_write_failed',
    message: /files of lease 0123456789abcdef cannot be written/,
  });
  t.throws(() => new LeaseFiles(directory).write('../..', { hosts: '' }), { code: 'internal' });
});
