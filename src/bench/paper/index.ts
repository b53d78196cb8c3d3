import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNativePrograms } from '../programs/native-programs.js';
import { requirePrerequisites } from '../programs/prerequisites.js';
import { removeCgroups } from '../programs/runc-bundles.js';
import { runInSandbox } from '../sandbox.js';
import { readJournal } from './journal.js';
import { HELP, parsePaperOptions } from './options.js';
import { writeReport } from './report/write.js';

const INTERRUPTED = 130;

/** `netnsd bench paper`: measures in a sandbox, then writes the report, of what there is if it was interrupted. Returns the exit status. */
export async function runPaper(argv: readonly string[]): Promise<number> {
  const options = parsePaperOptions(argv);
  if (options === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  requirePrerequisites([
    { name: 'runc', package: 'runc' },
    { name: 'busybox', package: 'busybox-static' },
    { name: 'ip', package: 'iproute2' },
    { name: 'nsenter', package: 'util-linux' },
  ]);
  await buildNativePrograms();
  mkdirSync(options.out, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-paper-'));
  const cgroup = `netnsd-bench-${process.hrtime.bigint()}`;
  try {
    const journal = join(folder, 'journal');
    const fd = openSync(journal, 'a', 0o600);
    const env = { NETNSD_BENCH_CGROUP: cgroup };
    const status = await runInSandbox(argv, { program: 'paper/inside.js', fd, env });
    closeSync(fd);
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
    const results = readJournal(journal);
    if (results === undefined) process.stderr.write('netnsd bench paper: nothing was measured\n');
    else process.stdout.write(await writeReport(results, options.out));
    return status === 0 || status === INTERRUPTED || results === undefined ? status : 1;
  } finally {
    await removeCgroups(cgroup);
    rmSync(folder, { recursive: true, force: true });
  }
}
