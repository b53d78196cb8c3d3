#ifndef NETNSD_OFFER_H
#define NETNSD_OFFER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A ready endpoint, as the text of a symbolic link says it: `ENDPOINT ADDRESS PATH`. */
struct offer {
  char endpoint[256];
  /* With its prefix length. */
  char address[64];
  /* The network namespace's file, absolute. */
  char path[PATH_MAX];
};

/* False if the text is not of that form, or holds what belongs into no spec. The text may hold anything. */
bool offer_read(struct offer *offer, const char *text, size_t length);

#endif
