#ifndef NETNSD_COMMANDS_RUN_H
#define NETNSD_COMMANDS_RUN_H

#include "command-line.h"

/* What src/cli is to do instead: nothing was done and nothing was printed. */
enum { FOR_NODE = -1 };

/* One command each. The exit status, or FOR_NODE. */
int run_acquire(const struct command_line *line, const char *socket_path);
int run_release(const struct command_line *line, const char *socket_path);
int run_renew(const struct command_line *line, const char *socket_path);
int run_patch(const struct command_line *line, const char *socket_path);

#endif
