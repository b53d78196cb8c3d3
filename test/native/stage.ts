import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.js';

/** A folder with everything that a run of netnsd-runc touches; removed after the test. */
export interface Stage {
  readonly folder: string;
  readonly socket: string;
  readonly bundle: string;
  readonly runtime: string;
  /** The environment under which netnsd-runc finds the fake runtime, the socket and no configuration of the machine's. */
  readonly env: NodeJS.ProcessEnv;
  path(name: string): string;
  /** Who did what, one line each, in order: requests to the daemon and `runtime ARGUMENTS`. */
  journal(): string[];
  writeSpec(spec: unknown): void;
  startDaemon(options?: { closeAfterMs?: number | undefined }): Promise<FakeDaemon>;
}

/** A spec as `runc spec` writes it, as far as netnsd looks. */
export function specWith(options: { namespaces?: unknown; annotations?: unknown } = {}): Record<string, unknown> {
  const namespaces = options.namespaces ?? [{ type: 'pid' }, { type: 'network' }, { type: 'mount' }];
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs' },
    annotations: options.annotations ?? {},
    linux: { namespaces },
  };
}

/** Notes that it ran and with which arguments, then runs $FAKE_SCRIPT, if there is one. */
const FAKE_RUNTIME = `#!/bin/sh
echo "runtime $*" >> "$FAKE_FOLDER/journal"
for argument in "$@"; do printf '%s\\0' "$argument"; done > "$FAKE_FOLDER/arguments"
eval "$FAKE_SCRIPT"
`;

/** The arguments that the fake runtime had, one by one. */
export function runtimeArguments(stage: Stage): string[] {
  return readFileSync(stage.path('arguments'), 'utf8').split('\0').slice(0, -1);
}

export function makeStage(t: Test, script = ''): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-runc-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const stage: Stage = {
    folder,
    socket: join(folder, 'socket'),
    bundle: join(folder, 'bundle'),
    runtime: join(folder, 'fake-runtime'),
    env: {
      PATH: process.env['PATH'],
      NETNSD_RUNC_CONFIG: join(folder, 'runc.conf'),
      NETNSD_RUNC_RUNTIME: join(folder, 'fake-runtime'),
      NETNSD_SOCKET: join(folder, 'socket'),
      // There is no daemon, which needs not be waited for.
      NETNSD_RUNC_DEADLINE_MS: '100',
      FAKE_FOLDER: folder,
      FAKE_SCRIPT: script,
    },
    path: (name) => join(folder, name),
    journal: () =>
      existsSync(join(folder, 'journal')) ? readFileSync(join(folder, 'journal'), 'utf8').split('\n').slice(0, -1) : [],
    writeSpec: (spec) => writeFileSync(join(folder, 'bundle', 'config.json'), JSON.stringify(spec)),
    startDaemon: async ({ closeAfterMs } = {}) => {
      const daemon = await startFakeDaemon({ socket: stage.socket, journal: stage.path('journal'), closeAfterMs });
      t.teardown(() => daemon.close());
      stage.env['NETNSD_RUNC_DEADLINE_MS'] = '60000';
      return daemon;
    },
  };
  mkdirSync(stage.bundle);
  stage.writeSpec(specWith());
  writeFileSync(stage.path('runc.conf'), '# nothing set\n');
  writeFileSync(stage.runtime, FAKE_RUNTIME, { mode: 0o755 });
  return stage;
}
