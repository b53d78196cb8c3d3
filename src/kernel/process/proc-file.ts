import { closeFd, openFd, readInto } from '../libc.js';

const buffer = Buffer.alloc(64 * 1024);

/**
 * Reads a file of procfs whole, which may come in several pieces and has no size: in one call where it is short, which
 * costs half as much as readFileSync of node:fs. Throws kernel_error.
 */
export function readProcFile(path: string): string {
  const fd = openFd(path);
  try {
    let text = '';
    for (let length = readInto(fd, buffer); length > 0; length = readInto(fd, buffer))
      text += buffer.toString('latin1', 0, length);
    return text;
  } finally {
    closeFd(fd);
  }
}
