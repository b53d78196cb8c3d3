#ifndef NETNSD_PATHS_H
#define NETNSD_PATHS_H

#include <limits.h>
#include <stdbool.h>

/* `path` made absolute and without `.`, `..` and needless slashes, as path.resolve of Node.js does it: links are not followed. */
bool resolve_path(char resolved[PATH_MAX], const char *path);

/*
 * The daemon's socket: the option, then NETNSD_SOCKET, then netnsd.sock in NETNSD_STATE_DIR or /run/netnsd, as src/cli/paths.ts has it.
 * False for a path that no socket can have.
 */
bool find_socket(char path[PATH_MAX], const char *option);

#endif
