import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { LogWriter } from '../../../../src/daemon/log/log-writer.js';
import { nonBlockingWrite } from '../../../../src/kernel/process/log-output.js';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A log that takes as many bytes as the test says, and fails otherwise. */
function begun({ largestQueueBytes = 100 } = {}) {
  const log = { text: '', roomBytes: Number.POSITIVE_INFINITY, code: 'EAGAIN', attempts: 0 };
  const dropped: number[] = [];
  const writer = new LogWriter({
    write: (bytes) => {
      log.attempts += 1;
      if (log.roomBytes === 0) throw failure(log.code);
      const taken = Math.min(bytes.length, log.roomBytes);
      log.roomBytes -= taken;
      log.text += bytes.subarray(0, taken).toString();
      return taken;
    },
    onRecovered: (count) => {
      dropped.push(count);
      writer.write(`dropped ${count}\n`);
    },
    largestQueueBytes,
  });
  return { writer, log, dropped };
}

t.test('lines are written at once, in order', async (t) => {
  const { writer, log } = begun();
  writer.write('one\n');
  writer.write('two\n');
  t.equal(log.text, 'one\ntwo\n');
});

for (const code of ['EAGAIN', 'ENOSPC', 'EPIPE', 'EIO']) {
  t.test(`${code}: the lines of a queue wait, others are dropped and counted, and nothing throws`, async (t) => {
    const { writer, log, dropped } = begun();
    log.roomBytes = 2;
    log.code = code;
    for (let i = 10; i < 60; i += 1) writer.write(`line ${i}\n`);
    t.equal(log.text, 'li', 'a line may be cut');
    t.equal(writer.dropped, 38, 'the queue takes 100 bytes');
    log.roomBytes = Number.POSITIVE_INFINITY;
    while (dropped.length === 0) await delay(1);
    const kept = Array.from({ length: 12 }, (_, i) => `line ${i + 10}\n`).join('');
    t.equal(log.text, `${kept}dropped 38\n`, 'what was cut is completed, without another line');
    writer.write('next\n');
    t.ok(log.text.endsWith('dropped 38\nnext\n'));
  });
}

t.test('an end of the daemon waits for its last lines, and only so long', async (t) => {
  const { writer, log } = begun();
  log.roomBytes = 0;
  writer.write('last\n');
  await writer.drain({ deadlineMs: 30 });
  t.equal(log.text, '');
  const draining = writer.drain({ deadlineMs: 60_000 });
  log.roomBytes = 100;
  await draining;
  t.equal(log.text, 'last\n');
});

/** Both ends of a pipe; `reader` does not wait, `writer` does. */
function pipe(t: Test): { reader: number; writer: number } {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  t.teardown(() => {
    for (const fd of [reader, writer]) closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  return { reader, writer };
}

function readAll(fd: number): string {
  const bytes = Buffer.alloc(1 << 20);
  try {
    return bytes.subarray(0, readSync(fd, bytes)).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
    throw error;
  }
}

t.test('a pipe that is not read takes no line any more, and does not block', async (t) => {
  const { reader, writer } = pipe(t);
  const dropped: number[] = [];
  const log = new LogWriter({ write: nonBlockingWrite(writer), onRecovered: (count) => void dropped.push(count) });
  const line = `${'x'.repeat(999)}\n`;
  for (let i = 0; i < 10_000; i += 1) log.write(line);
  t.ok(log.dropped > 9_000);
  const lost = log.dropped;
  let read = '';
  while (dropped.length === 0) {
    read += readAll(reader);
    await delay(1);
  }
  read += readAll(reader);
  t.strictSame(dropped, [lost]);
  t.equal(read.length, (10_000 - lost) * 1000, 'whole lines');
  t.equal(read, line.repeat(10_000 - lost));
  writeSync(writer, 'shared');
  t.equal(readAll(reader), 'shared', 'the descriptor itself is as it was');
});

t.test('neither a pipe without a reader nor a full disk fails a caller', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const broken = openSync(path, constants.O_WRONLY);
  const write = nonBlockingWrite(broken);
  closeSync(reader);
  const full = openSync('/dev/full', 'w');
  t.teardown(() => {
    for (const fd of [broken, full]) closeSync(fd);
  });
  for (const [code, output] of Object.entries({ EPIPE: write, ENOSPC: nonBlockingWrite(full) })) {
    t.throws(() => output(Buffer.from('x\n')), { code });
    const log = new LogWriter({ write: output, onRecovered: () => t.fail('nothing was written') });
    for (let i = 0; i < 200_000; i += 1) log.write('x\n');
    t.equal(log.dropped, 200_000 - 128 * 1024, code);
  }
});
