#ifndef NETNSD_NODE_H
#define NETNSD_NODE_H

/*
 * Becomes the command line in JavaScript, with the same arguments: `node DIST/src/main.js`, where DIST/bin is the folder of this program's
 * file. Node.js is NETNSD_NODE, the file `node` beside this program, or the first on PATH. Returns only if that fails, which is reported:
 * the exit status.
 */
int become_node(int argc, char *const *argv);

#endif
