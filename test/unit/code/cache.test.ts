import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { keepCode } from '../../../src/code/cache.js';

const CACHE = fileURLToPath(new URL('../../../src/code/cache.js', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../../bundle/', import.meta.url));

/** A file as native-scripts/bundle.mjs ends it. */
function marked(text: string): string {
  return `${text}\n//# netnsd=${createHash('sha256').update(text).digest('hex')}\n`;
}

/** A file that prints what it is, with its code kept. */
function keptFile(t: Test): string {
  const file = join(t.testdir({ 'package.json': '{ "type": "commonjs" }' }), 'some.code.js');
  writeFileSync(
    file,
    marked("const say = (word) => console.log(word, __filename, typeof require, typeof module); say('one');"),
  );
  keepCode(file);
  return file;
}

/** What the file prints, and what became of the code that was kept of it. */
async function run(file: string, flags: readonly string[] = []): Promise<{ stdout: string; kept: string | undefined }> {
  const program = `import { runCode } from ${JSON.stringify(CACHE)}; runCode(${JSON.stringify(file)});`;
  const { stdout, stderr } = await execa(process.execPath, [...flags, '--input-type=module', '--eval', program], {
    env: { NODE_DEBUG: 'netnsd', NODE_OPTIONS: '' },
  });
  return { stdout, kept: /code is kept of it|is (?:used|refused)/.exec(stderr)?.[0] };
}

t.test('a file runs by the code that was kept of it, as Node.js runs it', async (t) => {
  const file = keptFile(t);
  t.strictSame(await run(file), { stdout: `one ${file} function object`, kept: 'is used' });
});

t.test('without kept code it runs as well', async (t) => {
  const file = join(t.testdir({ 'package.json': '{ "type": "commonjs" }' }), 'some.code.js');
  writeFileSync(file, marked("console.log('one')"));
  t.strictSame(await run(file), { stdout: 'one', kept: 'code is kept of it' });
});

t.test('code of another text is not used, although the length is the same', async (t) => {
  const file = keptFile(t);
  const text = readFileSync(file, 'latin1').replace(/\n\/\/# netnsd=.*\n$/, '');
  writeFileSync(file, marked(text.replace("say('one')", "say('two')")));
  t.strictSame(await run(file), { stdout: `two ${file} function object`, kept: 'code is kept of it' });
});

t.test('code of another version of V8, or cut short, is refused', async (t) => {
  const file = keptFile(t);
  const cache = readFileSync(`${file}.cache`);
  const other = Buffer.from(cache);
  // The id of the text, V8's magic number, then the hash of its version: SerializedCodeData in src/snapshot/code-serializer.h.
  other.writeUInt32LE((other.readUInt32LE(64 + 4) ^ 1) >>> 0, 64 + 4);
  for (const changed of [other, cache.subarray(0, 64 + 200), cache.subarray(0, 64), Buffer.alloc(0)]) {
    writeFileSync(`${file}.cache`, changed);
    const { stdout, kept } = await run(file);
    t.equal(stdout, `one ${file} function object`);
    t.not(kept, 'is used');
  }
});

t.test('code that was made with other flags of V8 is refused', async (t) => {
  const file = keptFile(t);
  t.strictSame(await run(file, ['--no-opt']), { stdout: `one ${file} function object`, kept: 'is refused' });
});

t.test('source maps work: the file is loaded by Node.js then', async (t) => {
  t.equal((await run(keptFile(t), ['--enable-source-maps'])).kept, 'code is kept of it');
});

t.test('the bundle is ASCII, which is read byte by byte', async (t) => {
  for (const name of ['netnsd-daemon.code.js', 'thread-main.code.js'])
    t.notMatch(readFileSync(BUNDLE + name, 'latin1'), /[^\0-\x7f]/);
});
