import { runc } from './runtimes.js';
import { wrapperTests } from './wrapper-tests.js';

wrapperTests(runc());
