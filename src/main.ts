#!/usr/bin/env node
import module from 'node:module';

// Without a handler Node.js opens its debugger on this signal: a TCP port to which every user of the host may connect.
process.on('SIGUSR1', () => undefined);
// From Node.js 22.1 on: the code that V8 compiled is kept for the next start.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
/** A file that native-scripts/bundle.mjs makes. */
const bundled = (name: string) => import(new URL(`../bundle/${name}.js`, import.meta.url).href);

// The daemon executes itself anew for this, so it comes before all else is loaded.
if (process.argv[2] === 'serve') (await bundled('shed-privileges')).shedPrivileges();
await bundled('netnsd');
