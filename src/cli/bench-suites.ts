/** What `netnsd bench` measures, suite by suite: for the help of the command, and for the program that runs them. */
export const BENCH_SUITES = {
  build: 'build endpoints, against the same netlink requests from C, the CNI bridge plugin and ip commands',
  boot: 'from exec of netnsd serve to its first answer, against a fastify server that answers a constant',
  fill: 'from exec of netnsd serve to a full pool, against the same netlink requests from C',
  acquire: 'lease warm endpoints over the socket: one client, 100 at once on new and on kept connections, 100 paced',
  cli: 'netnsd acquire --path and netnsd release, against /bin/true',
  cni: 'ADD and DEL of netnsd-cni, and pods of containerd, against the CNI bridge plugin; SIZES are how many at once',
  start: "containers at once beside a pool, against the same host without netnsd; SIZES are the pool's",
  recycle: 'released endpoints ready again by seal, by proof and by replacement; acquires beside a churn',
  memory: "the daemon's resident memory and the kernel's memory an endpoint",
  scale:
    'pools of growing size: fill, acquire, memory, restart, removal, and what the host pays; --plot FILE for an SVG',
  network: 'throughput and round trips of endpoints: host, same hub, across hubs, against a plain bridge in the host',
  sizing: 'how pools size themselves, simulated, needs no root; its own options: netnsd bench sizing --help',
  paper:
    "the paper's tables and figures, against Docker, Podman, containerd, runc, CNI and ip; its own options: netnsd bench paper --help",
  compare: 'what became slower between two results.json of bench paper: netnsd bench compare OLD.json NEW.json',
} as const;

/** A line for each suite, indented. */
export function benchSuiteLines(): string {
  return Object.entries(BENCH_SUITES)
    .map(([name, text]) => `  ${name.padEnd(9)} ${text}`)
    .join('\n');
}
