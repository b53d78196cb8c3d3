import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { block, readPage, rowsOf, TOP, uncoded } from './markdown.js';

t.test('the messages under Troubleshooting are those of the code', async (t) => {
  const files = readdirSync(join(TOP, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const source = files.map((name) => readFileSync(join(TOP, 'src', name), 'utf8')).join('\n');
  const messages = rowsOf(block(readPage('docs/reference.md'), 'messages')).map(([message = '']) => uncoded(message));
  t.ok(messages.length > 10);
  for (const message of messages) {
    for (const part of message
      .split('…')
      .map((text) => text.trim())
      .filter((text) => text.length > 1)) {
      t.ok(source.includes(part), `${message}: ${part}`);
    }
  }
});
