import { execa } from 'execa';
import { NetnsdError } from '../../errors.js';
import { errnoOf } from '../errno.js';

/** sbin is where distributions keep it, and not in everybody's PATH. */
const PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
const DEADLINE_MS = 30_000;

/**
 * `nft -f -`: carries out a script as one transaction, in the calling process's network namespace. Rejects with `missing_tool` where nft is
 * not installed, and with `kernel_error` and nft's first line where it or the kernel refuses.
 */
export async function runNft(script: string): Promise<void> {
  try {
    await execa('nft', ['-f', '-'], { input: script, env: { PATH }, timeout: DEADLINE_MS });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      throw new NetnsdError('missing_tool', 'nft is not installed (Debian: apt-get install nftables)', {
        cause: error,
      });
    const { stderr, message } = error as { stderr?: string; message: string };
    const words = (stderr || message).trim().split('\n')[0];
    throw new NetnsdError('kernel_error', `nft failed: ${words}`, { cause: error });
  }
}
