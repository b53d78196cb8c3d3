#!/usr/bin/env node
import module from 'node:module';

// From Node.js 22.1 on: the code that V8 compiled is kept for the next start.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
// src/program.ts and all that it imports; see native-scripts/bundle.mjs.
await import(new URL('../bundle/program.js', import.meta.url).href);
