#ifndef NETNSD_OFFER_H
#define NETNSD_OFFER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text of a symbolic link. */
enum { OFFER_TEXT_MAX = 4095 };

/* A ready endpoint, as the text of a symbolic link says it: a JSON object. */
struct offer {
  char token[256];
  char pool[64];
  /* The first address, with its prefix length. */
  char address[64];
  /* The network namespace's file, absolute, and its inode. */
  char path[PATH_MAX];
  uint64_t inode;
  /* Whether its containers are to see its DNS settings as files. */
  bool mount_dns;
  /* The whole text, ended by NUL. */
  char text[OFFER_TEXT_MAX + 1];
  size_t length;
};

/* False if the text is not of that form, or holds what belongs into no spec. The text may hold anything. */
bool offer_read(struct offer *offer, const char *text, size_t length);

/* Whether the namespace is at its path, as this process sees it. */
bool netns_is_at(const char *path, uint64_t inode);

#endif
