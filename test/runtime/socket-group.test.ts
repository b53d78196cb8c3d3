import { statSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { SELDOM, startDaemon } from './daemon.js';

t.test('a member of socket_group reaches a daemon that was started by hand, and sees nothing else of it', async (t) => {
  await using daemon = await startDaemon(t, `socket_group = "4711"\n${SELDOM}`);
  await execa('chmod', ['a+x', daemon.folder]);
  const asMember = (...command: string[]) =>
    execa('setpriv', ['--reuid=65534', '--regid=65534', '--groups=4711', ...command], { reject: false });
  const { stdout } = await asMember('curl', '-s', '--unix-socket', daemon.socket, 'http://n/healthz');
  t.match(stdout, '"status":"ok"');
  t.not((await asMember('ls', daemon.stateDir)).exitCode, 0);
  t.equal(statSync(daemon.stateDir).mode & 0o777, 0o711);
});
