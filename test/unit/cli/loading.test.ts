import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const STATIC_IMPORT = /^(?:import|export)\b[^;]*?\bfrom '([^']+)'|^import '([^']+)'/gm;

/** Everything that is loaded with a compiled file, packages by name; what `import()` loads later is left out. */
function loadedWith(url: URL, known = new Set<string>()): Set<string> {
  if (known.has(url.href)) return known;
  known.add(url.href);
  for (const [, from, alone] of readFileSync(fileURLToPath(url), 'utf8').matchAll(STATIC_IMPORT)) {
    const specifier = from ?? (alone as string);
    if (specifier.startsWith('.')) loadedWith(new URL(specifier, url), known);
    else known.add(specifier);
  }
  return known;
}

t.test('a client command starts without any library but commander', async (t) => {
  const loaded = [...loadedWith(new URL('../../../src/netnsd.js', import.meta.url))];
  loaded.push(...loadedWith(new URL('../../../src/client/index.js', import.meta.url)));
  t.ok(loaded.some((one) => one.endsWith('/cli/commands/status.js')));
  const packages = loaded.filter((one) => !one.startsWith('file:') && !one.startsWith('node:'));
  t.strictSame(packages, ['commander']);
});
