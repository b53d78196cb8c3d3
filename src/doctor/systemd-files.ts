import { globMatches } from './glob.js';
import type { HostFiles } from './host-files.js';
import type { OurLink } from './our-links.js';

/** A file of systemd.network(5) or systemd.link(5), with its drop-ins. */
export interface SystemdFile {
  readonly path: string;
  /** The last value of a key; undefined if it is not set. */
  value(section: string, key: string): string | undefined;
  /** Whether its [Match] matches a link of netnsd's; a condition that cannot be evaluated counts as matching. */
  matches(link: OurLink): boolean;
}

type Entry = readonly [section: string, key: string, value: string];

/** Earlier ones take precedence. */
const FOLDERS = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map((folder) => `${folder}/systemd/network`);

/** The files with this suffix, in the order in which systemd reads them: the first that matches applies. */
export function systemdFiles(files: HostFiles, ending: '.network' | '.link'): SystemdFile[] {
  const paths = new Map<string, string>();
  for (const folder of FOLDERS)
    for (const name of files.names(folder))
      if (name.endsWith(ending) && !paths.has(name)) paths.set(name, `${folder}/${name}`);
  return [...paths.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, path]) => {
      const text = files.text(path) ?? '';
      // Empty, or a symlink to /dev/null: masked.
      return text === '' ? [] : [fileOf(path, [...entriesOf(text), ...dropInsOf(files, name)])];
    });
}

function dropInsOf(files: HostFiles, name: string): Entry[] {
  const folders = FOLDERS.map((folder) => `${folder}/${name}.d`).toReversed();
  return folders.flatMap((folder) =>
    files
      .names(folder)
      .filter((file) => file.endsWith('.conf'))
      .flatMap((file) => entriesOf(files.text(`${folder}/${file}`) ?? '')),
  );
}

/** The settings of a text with `[Section]`s and `key=value`s. */
export function entriesOf(text: string): Entry[] {
  let section = '';
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line): Entry[] => {
      const heading = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
      if (heading !== undefined) section = heading;
      const [, key, value = ''] = /^\s*([^#;[=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      return key === undefined ? [] : [[section, key, value]];
    });
}

function fileOf(path: string, entries: readonly Entry[]): SystemdFile {
  return {
    path,
    value: (section, key) => entries.findLast((entry) => entry[0] === section && entry[1] === key)?.[2],
    matches: (link) =>
      entries
        .filter(([section]) => section === 'Match')
        .every(([, key, value]) => value === '' || fits(key, value, link)),
  };
}

function fits(key: string, value: string, link: OurLink): boolean {
  switch (key) {
    case 'Name':
    case 'OriginalName':
      return fitsGlobs(value, link.name);
    case 'Kind':
    case 'Driver':
      return fitsGlobs(value, link.kind);
    case 'Type':
      return fitsGlobs(value, link.type);
    case 'MACAddress':
      return value.toLowerCase().split(/\s+/).includes(link.mac);
    // Only a device on a bus, a wireless one or one with a permanent address has these.
    case 'PermanentMACAddress':
    case 'Path':
    case 'WLANInterfaceType':
    case 'SSID':
    case 'BSSID':
      return value.startsWith('!');
    case 'Property':
      return value
        .split(/\s+/)
        .every((property) => property === `ID_NET_DRIVER=${link.kind}` || property === `DEVTYPE=${link.type}`);
    default:
      return true;
  }
}

/** Patterns separated by spaces; a `!` before the first inverts the match. */
function fitsGlobs(value: string, text: string): boolean {
  const inverted = value.startsWith('!');
  const globs = (inverted ? value.slice(1) : value).trim().split(/\s+/);
  return globs.some((glob) => globMatches(glob, text)) !== inverted;
}
