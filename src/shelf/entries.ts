import fs from 'node:fs';

/** The text of a symbolic link, empty for what is none; null where there is nothing. */
export function linkText(path: string): string | null {
  try {
    return fs.readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return '';
    throw error;
  }
}

/** rmdir(2), where the folder is empty. */
export function removedIfEmpty(path: string): void {
  try {
    fs.rmdirSync(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'ENOENT', 'ENOTDIR'].includes(code)) throw error;
  }
}

/** Makes what may be there already. */
export function unlessThere(make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** unlink(2); false where there was nothing. */
export function unlinked(path: string): boolean {
  try {
    fs.unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
