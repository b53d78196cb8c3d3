import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { assertSandbox } from '../guard.js';

const TOP = fileURLToPath(new URL('../../../', import.meta.url));

/** The commands of README's tour, from the one that starts the daemon to the one that leaves the sandbox. */
function tour(): string[] {
  const readme = readFileSync(join(TOP, 'README.md'), 'utf8');
  const section = /^## Five minutes$([\s\S]*?)^## /m.exec(readme)?.[1] ?? '';
  const commands = section.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
  return commands.slice(
    commands.findIndex((command) => command.startsWith('netnsd serve')),
    commands.indexOf('exit'),
  );
}

/** What differs from one run to the next: who takes from the shelf begins at an entry of its own choice. */
function asRunHere(command: string): string {
  // A script is there before the event that a person would see.
  if (command.endsWith('cat events.log'))
    return `until grep -E 'ready .*[(](seal|proof)[)]' events.log; do sleep 0.1; done`;
  return command.replace(
    /^netnsd inspect \S+$/,
    `netnsd inspect $(netnsd list --id hello --json | grep -oP '^    "id": "\\K\\w+')`,
  );
}

t.test("README's tour runs as it is printed, and leaves nothing", async (t) => {
  assertSandbox();
  const commands = tour();
  t.ok(commands.length > 20, 'there is a tour');
  const script = [`netnsd() { ${JSON.stringify(join(TOP, 'dist/bin/netnsd'))} "$@"; }`, ...commands.map(asRunHere)];
  // timeout ends whatever the tour started: a daemon that is left would hold the pipe, and this test with it.
  const { all } = await execa('timeout', ['--kill-after=10', '600', 'bash', '-c', script.join('\n')], {
    cwd: mkdtempSync(join(tmpdir(), 'tour-')),
    all: true,
    reject: false,
    stdin: 'ignore',
  });
  t.equal(all.match(/ 0% packet loss/g)?.length, 2, 'the container reaches its gateway and its neighbour');
  t.match(all, /^container {4}hello$/m, 'its lease can be looked at');
  t.match(all, /ready {9}default-\d+ {2}\((seal|proof)\)/, 'what is released is found clean, and ready again');
  t.match(all, 'no daemon listens on /run/netnsd/netnsd.sock', 'the daemon was killed');
  const leased = [...all.matchAll(/^[0-9a-f]{16} {2}default {2}web-1 .* (10\.213\.\S+) .*/gm)].map(
    ([, address]) => address,
  );
  t.equal(leased.length, 2);
  t.equal(leased[0], leased[1], 'and the lease survived that');
  t.match(all, /has stopped; 1[789] endpoints and 1 hub removed/);
  t.match(all, "cannot access '/run/netnsd'", 'no file is left');
  t.equal(all.trim().split('\n').at(-1)?.split(' ')[0], 'lo', 'no link is left');
});
