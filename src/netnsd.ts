import { runProcess } from './process.js';

// All commands but serve. Each loads only the room that it needs: client commands start without the daemon's libraries.
await runProcess({
  openClient: async (options) => new (await import('./client/index.js')).NetnsdClient(options),
  down: async (options) => (await import('./daemon/down.js')).down(options),
  enter: async (options) => (await import('./daemon/enter.js')).enter(options),
  doctor: async (options) => (await import('./doctor/index.js')).examine(options),
  report: async (options) => (await import('./doctor/index.js')).writeBugReport(options),
  runBench: async (argv) => (await import('./bench/index.js')).runBench(argv),
});
