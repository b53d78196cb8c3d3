// Bundles the program into dist/bundle/, which dist/src/main.js runs: a start loads a few files instead of hundreds. The
// modules of dist/src/ stay, for the tests and for the client that the package exports.
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const TOP = fileURLToPath(new URL('..', import.meta.url));

/** The package's CommonJS build loads its parts in a way that no bundler follows: its ES modules are taken instead. */
const jsoncParser = {
  name: 'jsonc-parser',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^jsonc-parser$/ }, () => ({ path: 'jsonc-parser', namespace: 'jsonc-parser' }));
    onLoad({ filter: /./, namespace: 'jsonc-parser' }, () => ({
      contents: "export * as default from 'jsonc-parser/lib/esm/main.js';",
      resolveDir: TOP,
    }));
  },
};

const common = {
  absWorkingDir: TOP,
  outdir: 'dist/bundle',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  plugins: [jsoncParser],
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
};
const external = [
  // Loads its native module from its own folder. (Of `netlink`, which has one as well, only parsers and constants are used.)
  'koffi',
  // What fastify can do, and src/api/server.ts has it do otherwise, or not at all.
  ...['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'],
];

rmSync(`${TOP}dist/bundle`, { recursive: true, force: true });

// All commands but serve. What one does not need is in files of its own: see the `import()`s in src/netnsd.ts. The plots have
// their library in them, so that no installation has to.
await build({
  ...common,
  external,
  entryPoints: [{ in: 'src/netnsd.ts', out: 'netnsd' }, { in: 'src/bench/plots/draw.ts', out: 'plots' }],
  format: 'esm',
  splitting: true,
  outExtension: { '.js': '.mjs' },
  // For the packages that are CommonJS.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

const commonJs = {
  ...common,
  format: 'cjs',
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
};

// What starts the daemon, what runs the two files below, and the processes that try the kernel: for `netnsd doctor`, and for sysctls of pools.
await build({
  ...commonJs,
  external,
  entryPoints: ['src/netnsd-serve.ts', 'src/code/cache.ts', 'src/kernel/process/trial-main.ts', 'src/kernel/host/sysctl-trial-main.ts'],
  entryNames: '[name]',
});

/** TLS, and what brings it along: fastify loads it for servers that netnsd does not have. */
const noTls = {
  name: 'no-tls',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:https?2?$/ }, ({ path, importer }) =>
      path !== 'node:http' && /fastify/.test(importer) ? { path, namespace: 'no-tls' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'no-tls' }, () => ({ contents: 'module.exports = {};' }));
  },
};

// The daemon and its kernel thread, one file each. All that it loads later is in it as well, since an upgrade
// may have replaced the package by then; pino-pretty is loaded at the start, if at all.
const { outputFiles } = await build({
  ...commonJs,
  plugins: [jsoncParser, noTls],
  external: [...external, 'pino-pretty'],
  entryPoints: ['src/netnsd-daemon.ts', 'src/endpoint/thread/thread-main.ts'],
  entryNames: '[name].code',
  // An `import()` of a package becomes a require(), which needs no loader in what src/code/cache.ts runs.
  supported: { 'dynamic-import': false },
  write: false,
});
for (const { path, text } of outputFiles) {
  if (path.endsWith('.map')) writeFileSync(path, text);
  else writeFileSync(path, `${text.trimEnd()}\n//# netnsd=${createHash('sha256').update(text).digest('hex')}\n`);
}
writeFileSync(`${TOP}dist/bundle/thread-main.js`, "require('./cache.js').runCode(require.resolve('./thread-main.code.js'));\n");
writeFileSync(`${TOP}dist/bundle/package.json`, '{ "type": "commonjs" }\n');
