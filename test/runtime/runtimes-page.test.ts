import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { assertSandbox } from '../guard.js';
import { editSpec, makeBundle, makeRootfs } from './bundle.js';
import { makeImageArchive } from './image.js';
import { NETNSD_RUNC } from './wrapper.js';

const TOP = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = readFileSync(join(TOP, 'docs/runtimes.md'), 'utf8');
const IMAGE = 'docker.io/library/busybox:latest';

/** The commands of a console block, with their here-documents: what follows `$ `, and not what was printed. */
function commandsOf(block: string): string[] {
  const commands: string[] = [];
  let isHere = false;
  for (const line of block.split('\n')) {
    if (isHere) {
      commands.push(`${commands.pop()}\n${line}`);
      isHere = line !== 'END';
    } else if (line.startsWith('$ ')) {
      commands.push(line.slice(2));
      isHere = line.endsWith("<<'END'");
    }
  }
  return commands;
}

/** Fenced blocks of a language. */
function blocks(language: string): string[] {
  return [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, named, code]) =>
    named === language ? [code as string] : [],
  );
}

/** Where the page writes to: seen through to the machine's, and written to in memory. */
const OVERLAYS = ['/etc', '/usr/local', '/var/lib'].map((path, index) => {
  const layer = `/run/tmp/overlay-${index}`;
  const options = `lowerdir=${path},upperdir=${layer}/upper,workdir=${layer}/work`;
  return `mkdir -p ${layer}/upper ${layer}/work && mount -t overlay -o ${options} overlay ${path}`;
});

t.test('the commands of docs/runtimes.md run as they are printed, and leave nothing', async (t) => {
  assertSandbox();
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  await prepare(folder);
  const commands = blocks('console').flatMap(commandsOf);
  t.ok(commands.length > 20, 'there are commands');
  const script = [
    ...OVERLAYS,
    'mkdir -p /usr/local/bin /usr/local/sbin && rm -f /etc/containerd/config.toml /etc/containers/containers.conf.d/*',
    `install ${NETNSD_RUNC} /usr/local/bin/netnsd-runc`,
    `printf '#!/bin/sh\\nexec ${process.execPath} ${TOP}dist/src/main.js "$@"\\n' >/usr/local/bin/netnsd && chmod 755 /usr/local/bin/netnsd`,
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    // Podman on a machine without systemd, on top of the overlay, and with its locks not in the machine's /dev/shm.
    `printf '[storage]\\ndriver = "vfs"\\nrunroot = "/run/storage"\\ngraphroot = "/var/lib/storage"\\n' >/etc/containers/storage.conf`,
    `printf '[engine]\\ncgroup_manager = "cgroupfs"\\nevents_logger = "none"\\nlock_type = "file"\\n' >/etc/containers/containers.conf`,
    'netnsd serve >daemon.log 2>&1 & daemon=$!',
    'printf \'disabled_plugins = ["io.containerd.grpc.v1.cri"]\\nversion = 2\\n\' >containerd.toml',
    'containerd --config containerd.toml >containerd.log 2>&1 & containerd=$!',
    'until netnsd status && ctr version; do sleep 0.1; done >/dev/null 2>&1',
    `ctr images import --snapshotter native image.tar >/dev/null`,
    'export CONTAINERD_SNAPSHOTTER=native',
    `podman import --quiet rootfs.tar ${IMAGE} >/dev/null`,
    'set -e',
    ...commands.map(
      (command) =>
        `echo ${JSON.stringify(`> ${command.split('\n')[0]}`)
          .replaceAll('$', '\\$')
          .replaceAll('`', '\\`')}\n${command}`,
    ),
    'node client/lease.mjs',
    'kill $containerd; wait $containerd || true',
    'netnsd list',
    'netnsd down',
    'ip -br link',
  ];
  const { all, exitCode } = await execa('unshare', ['--mount', 'bash', '-c', script.join('\n')], {
    cwd: folder,
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: 900_000,
  });
  t.equal(exitCode, 0, 'every command succeeds');
  if (exitCode !== 0) t.comment(all);
  const addresses = [...all.matchAll(/inet (10\.213\.\d+\.\d+)\/16/g)];
  t.equal(addresses.length, 7, 'each container that looks sees an address');
  t.match(all, /"dev\.netnsd\.address": "10\.213\./, 'the state of runc tells of it');
  t.match(all, /"netnsd\.lease": "[0-9a-f]{16}",?\n> ctr task delete/, 'and so does ctr container info');
  t.match(all, /BinaryName = "\/usr\/local\/bin\/netnsd-runc"/, 'containerd takes the runtime class');
  t.equal(all.match(/^netnsd: no leases/gm)?.length, 3, 'what was leased was given back');
  t.equal(all.trim().split('\n').at(-1)?.split(' ')[0], 'lo', 'no link is left');
});

/** What the page takes for granted: two bundles, an image in two forms, and the package beside a script of its user. */
async function prepare(folder: string): Promise<void> {
  for (const [name, script] of [
    ['bundle', 'ip address show eth0'],
    ['sleeper', 'sleep 1000'],
  ] as const) {
    const bundle = await makeBundle(script);
    copySpec(folder, name, bundle.folder);
    editSpec(join(folder, name), (spec) => {
      spec.root.path = bundle.rootfs;
    });
  }
  await execa('cp', [await makeImageArchive(IMAGE), join(folder, 'image.tar')]);
  await makeRootfs(join(folder, 'rootfs'));
  await execa('tar', ['-C', join(folder, 'rootfs'), '-cf', join(folder, 'rootfs.tar'), '.']);
  mkdirSync(join(folder, 'client/node_modules'), { recursive: true });
  symlinkSync(TOP, join(folder, 'client/node_modules/netnsd'));
  writeFileSync(join(folder, 'client/lease.mjs'), blocks('js')[0] as string);
}

/** A folder of this name with the bundle's config.json: a bundle may be no symbolic link. */
function copySpec(folder: string, name: string, bundle: string): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'config.json'), readFileSync(join(bundle, 'config.json')));
}
