/**
 * The rooms of src/ and which room may import which: the one place where this is decided. `npm run docs` writes from it
 * the lint rules of biome.json, and the diagram and the table of docs/architecture.md.
 */

/** From the top down. Rooms of one layer stand side by side and do not import each other. */
export const LAYERS = [
  ['main'],
  ['netnsd', 'netnsd-serve'],
  ['netnsd-daemon'],
  ['process'],
  ['bench'],
  ['cli'],
  ['client', 'doctor'],
  ['daemon'],
  ['api', 'containers', 'reconcile', 'shelf'],
  ['pool'],
  ['state', 'oci', 'config'],
  ['code'],
  ['endpoint'],
  ['kernel'],
  ['address'],
  ['errors', 'version'],
];

/**
 * `imports`: other rooms that the room may import, types included. `state/record` is one file of a room. A room that ends
 * in `.ts` is one file.
 */
export const ROOMS = {
  main: {
    file: 'main.ts',
    holds: 'what users run: loads the bundle of `netnsd-serve.ts` or of `netnsd.ts`',
    imports: [],
  },
  netnsd: {
    file: 'netnsd.ts',
    holds: 'all commands but serve, and the room that each needs',
    imports: ['process', 'bench', 'client', 'doctor', 'daemon'],
  },
  'netnsd-serve': {
    file: 'netnsd-serve.ts',
    holds: 'starts the daemon: sheds privileges, starts the kernel thread, loads `netnsd-daemon.ts`',
    imports: ['netnsd-daemon', 'code', 'endpoint', 'kernel'],
  },
  'netnsd-daemon': {
    file: 'netnsd-daemon.ts',
    holds: 'the command serve',
    imports: ['process', 'daemon'],
  },
  process: {
    file: 'process.ts',
    holds: 'the process: arguments, standard streams, exit status',
    imports: ['cli', 'errors', 'version'],
  },
  bench: {
    holds: 'what `netnsd bench` and `npm run demo` run',
    imports: ['cli', 'client', 'pool', 'state', 'oci', 'config', 'endpoint', 'kernel', 'errors', 'address', 'version'],
  },
  cli: {
    holds: 'the commands: options, texts, tables',
    imports: ['client', 'pool', 'oci', 'config', 'errors'],
  },
  client: {
    holds: 'the typed client of the API; the package exports it',
    imports: ['api', 'shelf', 'pool', 'errors'],
  },
  doctor: {
    holds: 'checks of a host, pure functions over what was read from it',
    imports: ['daemon', 'reconcile', 'pool', 'state', 'config', 'endpoint', 'kernel', 'errors', 'address', 'version'],
  },
  daemon: {
    holds: 'the composition: configuration, start, signals, shutdown, `netnsd down`',
    imports: [
      'api', 'containers', 'reconcile', 'shelf', 'pool', 'state', 'oci', 'config', 'endpoint', 'kernel', 'errors', 'address', 'version',
    ],
  },
  api: {
    holds: 'HTTP on the unix socket: routes, schemas, problem documents, metrics',
    imports: ['pool', 'errors'],
  },
  containers: {
    holds: 'leases for containers: patched bundles, grafts, DNS files',
    imports: ['pool', 'state', 'oci', 'endpoint', 'kernel', 'errors'],
  },
  reconcile: {
    holds: 'compares records, kernel and processes, and repairs the difference',
    imports: ['pool', 'state', 'config', 'endpoint', 'kernel', 'errors', 'address'],
  },
  shelf: {
    holds: 'the protocol by which clients take and return endpoints without a request',
    imports: ['pool', 'state', 'oci', 'config', 'kernel', 'errors'],
  },
  pool: {
    holds: 'leases, stock, recycling, sizing; pure, over ports that it declares',
    imports: ['state/record', 'errors'],
  },
  state: {
    holds: 'the state directory: records and other files',
    imports: ['endpoint', 'kernel', 'address', 'errors'],
  },
  oci: {
    holds: 'reads and patches bundles and specs',
    imports: ['errors'],
  },
  config: {
    holds: 'the TOML file: keys, defaults, messages with file and line',
    imports: ['errors', 'address'],
  },
  code: {
    holds: 'keeps the code that V8 makes of the bundle, for the next start',
    imports: ['endpoint'],
  },
  endpoint: {
    holds: 'the network of a pool; builds, verifies and destroys endpoints; the kernel thread',
    imports: ['kernel', 'errors', 'address'],
  },
  kernel: {
    holds: 'netlink, namespaces, processes, BPF, nftables; one file an object of the kernel',
    imports: ['errors', 'address', 'version'],
  },
  errors: { file: 'errors.ts', holds: 'every error code with its meaning and HTTP status', imports: [] },
  address: { holds: 'IPv4 and IPv6 arithmetic', imports: ['errors'] },
  version: { file: 'version.ts', holds: 'the version and the folder of the package', imports: [] },
};

/** Packages that only the kernel room may import. */
export const KERNEL_PACKAGES = ['netlink', 'koffi', 'execa'];

const DOWNWARDS = 'Imports point downwards only: see native-scripts/rooms.mjs and docs/architecture.md.';
const KERNEL_ONLY = 'Only the kernel room talks to the kernel and starts programs.';

/** What files of `room` may not import, as patterns of Biome's noRestrictedImports; a `!` takes a file out again. */
function forbidden(room) {
  const { imports } = ROOMS[room];
  const patterns = Object.keys(ROOMS).flatMap((other) => {
    if (other === room || imports.includes(other)) return [];
    const { file } = ROOMS[other];
    return [file === undefined ? `**/${other}/**` : `**/${file.replace(/ts$/, 'js')}`];
  });
  return [...patterns, ...imports.filter((path) => path.includes('/')).map((path) => `!**/${path}.js`)];
}

/** The `overrides` of biome.json. */
export function lintOverrides() {
  const closed = Object.fromEntries(KERNEL_PACKAGES.map((name) => [name, { message: KERNEL_ONLY }]));
  const parts = { group: KERNEL_PACKAGES.map((name) => `${name}/**`), message: KERNEL_ONLY };
  return Object.entries(ROOMS).map(([room, { file }]) => ({
    includes: [`src/${file ?? `${room}/**`}`],
    linter: {
      rules: {
        style: {
          noRestrictedImports: {
            level: 'error',
            options: {
              patterns: [{ group: forbidden(room), message: DOWNWARDS }, ...(room === 'kernel' ? [] : [parts])],
              ...(room === 'kernel' ? {} : { paths: closed }),
            },
          },
        },
      },
    },
  }));
}

/** The diagram and the table of docs/architecture.md. */
export function roomsText() {
  const rows = LAYERS.map((rooms) => `    ${rooms.map((room) => room.padEnd(12)).join('')}`.trimEnd());
  const table = Object.entries(ROOMS).map(([room, { file, holds, imports }]) => {
    const allowed = imports.map((name) => `\`${name}\``).join(' ');
    return `| \`${file ?? `${room}/`}\` | ${holds} | ${allowed || '-'} |`;
  });
  return ['```', ...rows, '```', '', '| room | what lives there | may import |', '| --- | --- | --- |', ...table].join('\n');
}
