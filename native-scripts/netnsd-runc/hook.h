#ifndef NETNSD_HOOK_H
#define NETNSD_HOOK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

/* What of the container's state (runtime spec, "State") a hook needs. Empty strings where not said. */
struct hook_state {
  char id[256];
  char bundle[PATH_MAX];
  char pool[256];
  char tenant[256];
  bool skip;
  long pid; /* 0: none */
};

/* Reads the JSON that a runtime gives to a hook. False: `*why` is a constant text. */
bool hook_state_read(struct hook_state *state, const char *text, size_t length, const char **why);

/* `netnsd-runc hook createRuntime|poststop`, the state on stdin. Returns the exit status; errors are reported. */
int hook_run(const struct settings *settings, int argc, char *const *argv);

#endif
