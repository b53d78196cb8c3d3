import { runsc } from './runtimes.js';
import { wrapperTests } from './wrapper-tests.js';

wrapperTests(runsc());
