import fc from 'fast-check';
import t from 'tap';
import { parseConfig } from '../../../src/config/read.js';
import { hasCode } from '../../../src/errors.js';

t.test('whatever the file holds, it is accepted or refused in one line', async (t) => {
  const word = fc.constantFrom(
    'pools',
    'web',
    'default',
    'dns',
    '[',
    ']',
    '.',
    ' = ',
    '\n',
    '"',
    '{',
    '}',
    ',',
    '1',
    '"10.0.0.0/24"',
    'max',
    'subnet',
    "'",
    '#',
    '\r',
    '\u0000',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
      ),
      (source) => {
        try {
          parseConfig({ source, file: 'f.toml' });
          return true;
        } catch (error) {
          return hasCode(error, 'config_invalid') && !/[\n\r]/.test(error.message);
        }
      },
    ),
    { numRuns: 2000 },
  );
  t.pass('no other error was thrown');
});
