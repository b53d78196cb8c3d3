import { crun } from './runtimes.js';
import { wrapperTests } from './wrapper-tests.js';

wrapperTests(crun());
wrapperTests(crun(), { socketElsewhere: true });
