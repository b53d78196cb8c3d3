import { randomUUID } from 'node:crypto';
import { closeSync, constants, fchmodSync, fchownSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import jsonc from 'jsonc-parser';
import { NetnsdError } from '../errors.js';
import { type Bundle, SPEC_FILE } from './bundle.js';
import { ObjectText } from './json-text.js';
import { findNetworkNamespace, findUnsetNetworkNamespace } from './network-namespace.js';
import { addElements, indentationUnit, setMembers } from './object-edit.js';
import { type ResolverFiles, resolverMountEdits } from './resolver-files.js';

/**
 * Writes `netnsPath` into the entry of type `network` of the bundle's config.json, and adds `annotations`. The text is
 * edited in place: order, indentation, unknown fields and large numbers are kept. The file is replaced by a rename that
 * keeps owner and mode; on failure it is unchanged.
 * Throws `bundle_host_network`, `bundle_path_set` and `bundle_invalid`.
 */
export function patchBundle(options: {
  bundle: Bundle;
  netnsPath: string;
  annotations?: Readonly<Record<string, string>>;
  /** A path that an earlier patch wrote, and that may be replaced. */
  replaces?: string;
  /** Mounted in the container. The mounts of an earlier patch are replaced, or removed if there are none now. */
  files?: ResolverFiles;
}): void {
  const { bundle, netnsPath, annotations = {}, replaces, files } = options;
  const found = findNetworkNamespace(bundle);
  const { index } = found.path !== null && found.path === replaces ? found : findUnsetNetworkNamespace(bundle);
  const { text, places } = bundle;
  const edits = setMembers(places.namespaces[index] as ObjectText, { path: netnsPath });
  if (Object.keys(annotations).length > 0) {
    const present = places.root.value('annotations');
    const isObject = present !== undefined && text[present.start] === '{';
    const holder = isObject ? new ObjectText(text, present) : places.root;
    edits.push(...setMembers(holder, isObject ? annotations : { annotations }));
  }
  const patched = jsonc.applyEdits(text, edits);
  replaceSpec(bundle, editMounts({ text: patched, bundle, files }));
}

function editMounts(options: { text: string; bundle: Bundle; files: ResolverFiles | undefined }): string {
  const { text, bundle, files } = options;
  const { mounts = [] } = bundle.spec;
  if (!Array.isArray(mounts))
    throw new NetnsdError('bundle_invalid', `cannot use ${bundle.specPath}: mounts is not an array`);
  const { present, added } = resolverMountEdits(mounts, files);
  const formattingOptions = formattingOf(bundle.text);
  const formatting = formattingOptions === undefined ? {} : { formattingOptions };
  const edited = present.reduce((before, { index, mount }) => {
    // Undefined removes an element.
    return jsonc.applyEdits(before, jsonc.modify(before, ['mounts', index], mount ?? undefined, formatting));
  }, text);
  if (added.length === 0) return edited;
  const root = ObjectText.root(edited);
  const array = root.value('mounts');
  const edits = array === undefined ? setMembers(root, { mounts: added }) : [addElements(edited, array, added)];
  return jsonc.applyEdits(edited, edits);
}

/** The formatting of the file, for new lines; undefined if it is all one line. */
function formattingOf(text: string) {
  const indent = indentationUnit(text);
  if (indent === undefined) return undefined;
  const insertSpaces = !indent.startsWith('\t');
  return { insertSpaces, tabSize: insertSpaces ? indent.length : 1, eol: text.includes('\r\n') ? '\r\n' : '\n' };
}

function replaceSpec(bundle: Bundle, text: string): void {
  const { uid, gid, mode, text: present } = bundle.readSpec();
  if (present !== bundle.text) {
    const message = `${bundle.specPath} was changed by another process meanwhile and was not patched: repeat the command`;
    throw new NetnsdError('bundle_invalid', message, { details: { bundle: bundle.path } });
  }
  try {
    writeBeside(bundle, { text, uid, gid, mode });
  } catch (error) {
    // Without the end of the message: the path in /proc/self/fd means nothing to the reader.
    const reason = (error as Error).message.replace(/, .*$/s, '');
    const message = `cannot write ${bundle.specPath}, which is unchanged: ${reason}`;
    throw new NetnsdError('bundle_invalid', message, { details: { bundle: bundle.path }, cause: error });
  }
}

/** Writes a temporary file beside config.json and renames it; removes it on failure. */
function writeBeside(bundle: Bundle, file: { text: string; uid: number; gid: number; mode: number }): void {
  const temporary = bundle.entry(`.${SPEC_FILE}.netnsd-${randomUUID()}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(temporary, flags, 0o600);
  try {
    writeFileSync(fd, file.text);
    // The mode first: changing that of another user's file needs one more capability.
    fchmodSync(fd, file.mode);
    fchownSync(fd, file.uid, file.gid);
    renameSync(temporary, bundle.entry(SPEC_FILE));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}
