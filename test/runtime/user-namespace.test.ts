import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { editSpec } from './bundle.js';
import { FRONT, startDaemon } from './daemon.js';
import { CONFIG, hookedBundle, LOOK } from './hooked.js';
import { NETNSD_RUNC, writeSettings } from './wrapper.js';

const IDS = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

for (const runtime of ['runc', 'crun']) {
  t.test(
    `${runtime}: a container with a user namespace has its network by hooks, and is refused otherwise`,
    async (t) => {
      await using daemon = await startDaemon(t, CONFIG);
      const bundle = await hookedBundle(daemon, `${LOOK}; cat /proc/self/uid_map`);
      chmodSync(bundle.folder, 0o755);
      await execa('chown', ['-R', '100000:100000', bundle.rootfs]);
      editSpec(bundle.folder, ({ linux }) => {
        linux.namespaces.push({ type: 'user' });
        Object.assign(linux, { uidMappings: IDS, gidMappings: IDS });
      });
      const read = () => readFileSync(join(bundle.folder, 'config.json'), 'utf8');
      const before = read();
      const env = { NETNSD_RUNC_CONFIG: writeSettings({ runtime, socket: daemon.socket }) };
      const run = await execa(NETNSD_RUNC, ['run', '--bundle', bundle.folder, 'c1'], { env, reject: false });
      t.equal(run.exitCode, 1);
      t.match(
        run.stderr,
        /^netnsd-runc: cannot give container c1 a network: its spec has a user namespace, .*`netnsd oci hooks`/,
      );
      const patch = await execa(FRONT, ['oci', 'patch', bundle.folder, '--id', 'c1', '--socket', daemon.socket], {
        reject: false,
      });
      t.equal(patch.exitCode, 1);
      t.match(patch.stderr, /^netnsd: \S+config\.json has a user namespace, .*`netnsd oci hooks`/);
      t.equal(read(), before, 'the bundle is unchanged');
      t.same(await daemon.leases(), [], 'and nothing was leased');

      const { stdout } = await execa(runtime, ['run', '--bundle', bundle.folder, 'c2']);
      t.match(stdout, /inet 10\.213\.0\.\d+\/24/);
      t.match(stdout, 'reached the gateway');
      t.match(stdout, /^ +0 +100000 +65536$/m, 'in a user namespace');
    },
  );
}
