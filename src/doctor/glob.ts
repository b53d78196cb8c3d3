/**
 * Whether `text` matches a shell pattern of `*`, `?` and `[…]`, as a whole; fnmatch(3). Hand-written: packages for globs match
 * paths (a `*` stops at a slash) and know braces, which systemd, udev and NetworkManager do not.
 */
export function globMatches(pattern: string, text: string): boolean {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace('[!', '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(text);
}
