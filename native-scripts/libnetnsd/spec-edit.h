#ifndef NETNSD_SPEC_EDIT_H
#define NETNSD_SPEC_EDIT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "spec-places.h"

/* What a spec is told about its network; without a lease, only the path. */
struct spec_values {
  const char *path;
  const char *lease;
  const char *address;
  /* Files to be mounted as /etc/hosts and /etc/resolv.conf, for a spec that is mountable; NULL: none. */
  const char *hosts;
  const char *resolv_conf;
};

/* The edited text, as the pieces of which it is made: the original's, and between them what is added in up to three places. */
struct spec_edit {
  struct iovec pieces[7];
  int count;
  /* Escapes double each of three paths at most; the rest is the gaps of some thirty lines. */
  char added[6 * PATH_MAX + 48 * PLACE_SLICE_MAX];
};

/*
 * Adds the path to the network's entry, lease and address to the annotations, and the mounts of the files: byte for byte what the daemon
 * writes. The pieces point into the places' text and the edit itself. False if the values hold control characters or no UTF-8, or are too
 * long. Pure.
 */
bool spec_edit_make(struct spec_edit *edit, const struct spec_places *places, const struct spec_values *values);

#endif
