import { rehearse } from './crash/recycle/rehearsal.js';
import { assertSandbox } from './guard.js';

/**
 * Has the kernel load what modules the tests need, before any of them runs: a module brings sysctls into every namespace,
 * and a test that runs beside the one that has it loaded would see its endpoints change.
 */
assertSandbox();
await rehearse();
