import { toNetnsdError } from '../errors.js';
import { type BenchOptions, HELP, parseOptions } from './options.js';
import { CNI_TOOLS } from './peers/cni-bridge.js';
import { IP_TOOLS } from './peers/ip-command.js';
import { buildNativePrograms } from './programs/native-programs.js';
import { requirePrerequisites, type Tool } from './programs/prerequisites.js';
import { runInSandbox } from './sandbox.js';
import { runSizing } from './suites/sizing.js';

/** `netnsd bench SUITE`: measures and prints. Returns the exit status: 0 done, 1 failed, 2 wrong usage. */
export async function runBench(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] === 'sizing') return await runSizing(argv.slice(1));
    if (argv[0] === 'paper') return await (await import('./paper/index.js')).runPaper(argv.slice(1));
    if (argv[0] === 'compare') return (await import('./compare/index.js')).runCompare(argv.slice(1));
    const options = parseOptions(argv);
    if (options === undefined) {
      process.stdout.write(HELP);
      return 0;
    }
    requirePrerequisites(toolsOf(options));
    await buildNativePrograms();
    return await runInSandbox(argv);
  } catch (caught) {
    const error = toNetnsdError(caught);
    process.stderr.write(`netnsd bench: ${error.message}\n`);
    return error.code === 'bad_usage' ? 2 : 1;
  }
}

function toolsOf({ suite, peers }: BenchOptions): Tool[] {
  if (suite === 'start') {
    return [
      { name: 'runc', package: 'runc' },
      { name: 'crun', package: 'crun' },
      { name: 'containerd', package: 'containerd' },
      { name: 'ctr', package: 'containerd' },
      { name: 'busybox', package: 'busybox-static' },
    ];
  }
  if (suite === 'scale')
    return [
      { name: 'runc', package: 'runc' },
      { name: 'busybox', package: 'busybox-static' },
      { name: 'ip', package: 'iproute2' },
      { name: 'nsenter', package: 'util-linux' },
    ];
  if (suite === 'network')
    return [
      { name: 'ip', package: 'iproute2' },
      { name: 'nsenter', package: 'util-linux' },
    ];
  if (suite === 'cni') return peers.includes('cni') ? [...CNI_TOOLS] : [];
  if (suite !== 'build') return [];
  const nft = { name: 'nft', package: 'nftables' };
  return [nft, ...(peers.includes('cni') ? CNI_TOOLS : []), ...(peers.includes('ip') ? IP_TOOLS : [])];
}
