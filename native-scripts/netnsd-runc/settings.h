#ifndef NETNSD_SETTINGS_H
#define NETNSD_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define SETTINGS_FILE "/etc/netnsd/runc.conf"

/* What happens when netnsd cannot give an endpoint: the container fails, or starts with the empty namespace of the plain runtime. */
enum on_failure { ON_FAILURE_FAIL, ON_FAILURE_EMPTY };

struct settings {
  /* A path or a name to look for on PATH; empty: runc, then crun. */
  char runtime[PATH_MAX];
  char socket[PATH_MAX];
  /* The whole conversation with the daemon, connecting included. */
  int deadline_ms;
  enum on_failure on_failure;
  /* For containers that say nothing themselves; empty: the daemon's choice. */
  char pool[256];
  char tenant[256];
};

/* Reads the file that NETNSD_RUNC_CONFIG names (else SETTINGS_FILE, which may be missing), then the environment over it. False: reported. */
bool settings_read(struct settings *settings);

/* Applies the lines of a configuration file. False: `why` says which line and what is wrong. The text may hold anything. */
bool settings_parse(struct settings *settings, const char *text, size_t length, char *why, size_t why_size);

void settings_default(struct settings *settings);

#endif
