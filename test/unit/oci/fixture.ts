import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

/** What `runc spec` writes, in short: order, tabs and fields as there. */
export const SPEC_TEXT = `{
	"ociVersion": "1.0.2-dev",
	"process": {
		"args": ["true"],
		"capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
		"rlimits": [{"type": "RLIMIT_NOFILE", "hard": 18446744073709551615, "soft": 1.50}]
	},
	"mounts": [
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind"]}
	],
	"linux": {
		"namespaces": [
			{
				"type": "pid"
			},
			{
				"type": "network"
			}
		],
		"readonlyPaths": ["/proc/bus", "/proc/sys"]
	},
	"x-unknown": {"b": 1, "a": 2}
}
`;

/** A bundle whose config.json holds `text`; the folder. */
export function bundleOf(t: Test, text: string | Buffer = SPEC_TEXT): string {
  const folder = join(t.testdir({}), 'bundle');
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), text);
  return folder;
}
