#ifndef NETNSD_BUNDLE_H
#define NETNSD_BUNDLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "spec.h"

/* Larger specs are refused. Real ones have about 10 KiB. */
enum { SPEC_BYTES_MAX = 16 * 1024 * 1024 };

struct bundle {
  /* Absolute, without symbolic links. */
  char path[PATH_MAX];
  enum spec_kind kind;
  /* Why the daemon must not be asked to write there although the container concerns it; NULL if it may. */
  const char *unpatchable;
  /* The spec as it was read, and the file's status before that. Both stay until the process ends or becomes the runtime. */
  char *text;
  size_t length;
  struct stat status;
};

/*
 * Reads what the runtime would read: config.json in `directory` (NULL or empty: the working directory), or crun's `config`. It never waits:
 * FIFOs and devices are refused. False: reported, and the runtime could not have started it either.
 */
bool bundle_read(struct bundle *bundle, const char *directory, const char *config);

#endif
