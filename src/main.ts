#!/usr/bin/env node
import module, { createRequire } from 'node:module';

// Without a handler Node.js opens its debugger on this signal: a TCP port to which every user of the host may connect.
process.on('SIGUSR1', () => undefined);

// Files that native-scripts/bundle.mjs makes.
if (process.argv.slice(2).find((word) => !word.startsWith('-')) === 'serve') {
  createRequire(import.meta.url)('../bundle/netnsd-serve.js');
} else {
  // From Node.js 22.1 on: the code that V8 compiled is kept for the next start.
  (module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
  await import(new URL('../bundle/netnsd.mjs', import.meta.url).href);
}
