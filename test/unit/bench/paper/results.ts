import type { Part, Results, Run } from '../../../../src/bench/paper/journal.js';
import type { RequestTimes } from '../../../../src/bench/paper/stages.js';

/** A request that was answered after `ms`, with all of it in its stages. */
export function requestOf(ms: number): RequestTimes {
  return {
    sentMs: 0,
    stages: { invocation: 0.1 * ms, 'network create': 0.3 * ms, start: 0.5 * ms, run: 0.1 * ms, 'clean-up': ms },
    answeredMs: ms,
    doneMs: 2 * ms,
  };
}

/** A run of `atOnce` requests, the last of which is answered after `ms`. */
export function runOf(contender: string, atOnce: number, ms: number, more: Partial<Run> = {}): Run {
  const requests = Array.from({ length: atOnce }, (_, index) => requestOf((ms * (index + 1)) / atOnce));
  return { kind: 'run', contender, language: 'c', atOnce, round: 0, requests, error: null, ...more };
}

export function partOf(name: string, more: Partial<Part> = {}): Part {
  return { name, title: name, engine: 'runc', mode: 'cold', isBound: false, lacks: [], ...more };
}

/** Results of runc with host networking, CNI and netnsd-runc, at 1 and 100 at once, with an absent Docker. */
export function resultsOf(more: Partial<Results> = {}): Results {
  const machine = { kernel: '6.18', cpu: 'a <cpu>', cores: 2, memoryMiB: 24_000, node: 'v20' };
  return {
    head: {
      kind: 'head',
      date: '2026-11-29T12:00:00.000Z',
      machine,
      usedMb: 600,
      versions: { runc: 'runc version 1.1' },
      parts: [
        partOf('runc-host', { isBound: true }),
        partOf('cni-bridge-masq'),
        partOf('netnsd-runc', { mode: 'pooled' }),
        partOf('ip-commands'),
        partOf('docker-bridge', { engine: 'docker', lacks: ['dockerd (Debian package docker.io)'] }),
      ],
      atOnce: [1, 100],
      rounds: 3,
      limits: { c: 1_000_000, sh: 2000 },
    },
    runs: [
      ...[1000, 1100, 1200].map((ms, round) => runOf('runc-host', 100, ms, { round })),
      ...[4100, 4200, 4300].map((ms, round) => runOf('cni-bridge-masq', 100, ms, { round })),
      ...[1150, 1155, 1160].map((ms, round) => runOf('netnsd-runc', 100, ms, { round })),
      runOf('runc-host', 1, 20),
      runOf('cni-bridge-masq', 1, 80),
      runOf('netnsd-runc', 1, 22),
      runOf('runc-host', 10, 300, { language: 'sh' }),
      runOf('cni-bridge-masq', 100, 0, { round: 3, requests: [], error: 'no, "really"' }),
    ],
    networks: [{ kind: 'network', contender: 'ip-commands', atOnce: 100, round: 0, createMs: 700, removeMs: 900 }],
    idle: [{ kind: 'idle', what: 'netnsd', count: 50, machineMb: 9, daemonMb: 1.5 }],
    beside: [{ kind: 'beside', poolSize: 100, daemonMb: 60, kernelMb: 17, oneRatio: 1, manyRatio: 1.01 }],
    missing: [{ kind: 'missing', what: 'Podman', why: 'time was up' }],
    complete: true,
    ...more,
  };
}
