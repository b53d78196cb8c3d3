// Bundles the program into dist/bundle/, which dist/src/main.js runs: a start loads a few files instead of hundreds. The
// modules of dist/src/ stay, for the tests and for the client that the package exports.
import { rmSync } from 'node:fs';
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

rmSync(`${TOP}dist/bundle`, { recursive: true, force: true });
await build({
  absWorkingDir: TOP,
  entryPoints: [
    // What src/main.ts runs.
    ...['src/netnsd.ts', 'src/kernel/process/shed-privileges.ts'],
    // The kernel thread, and the process by which `netnsd doctor` tries the kernel.
    ...['src/endpoint/thread/thread-main.ts', 'src/kernel/process/trial-main.ts'],
  ],
  entryNames: '[name]',
  outdir: 'dist/bundle',
  bundle: true,
  // What a command does not need is in files of its own: see the `import()`s in src/netnsd.ts.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: [
    // Loads its native module from its own folder. (Of `netlink`, which has one as well, only parsers and constants are used.)
    'koffi',
    // What fastify can do, and src/api/server.ts has it do otherwise, or not at all.
    ...['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'],
  ],
  // For the packages that are CommonJS.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  plugins: [jsoncParser],
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
});
