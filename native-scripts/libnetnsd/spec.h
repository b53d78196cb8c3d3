#ifndef NETNSD_SPEC_H
#define NETNSD_SPEC_H

#include <stdbool.h>
#include <stddef.h>

/* What a config.json says about the container's network, as far as netnsd-runc must know: the daemon decides again, on the same file. */
enum spec_kind {
  SPEC_WANTS_ENDPOINT, /* a network namespace without a path */
  SPEC_PATCHED_BEFORE, /* a path that netnsd wrote (the bundle is used again): only the daemon can say whether it still holds */
  SPEC_HOST_NETWORK,   /* no network namespace */
  SPEC_PATH_SET,       /* a path that netnsd did not write */
  SPEC_SKIPPED,        /* the annotation dev.netnsd.skip */
  SPEC_USER_NAMESPACE, /* a network namespace without a path, and a user namespace, which cannot use one of the host's */
  SPEC_INVALID,
};

/* Reads a spec; `*why` is a constant text when it is SPEC_INVALID. */
enum spec_kind spec_read(const char *text, size_t length, const char **why);

#define ANNOTATION_SKIP "dev.netnsd.skip"
#define ANNOTATION_POOL "dev.netnsd.pool"
#define ANNOTATION_TENANT "dev.netnsd.tenant"
/* Written by the daemon beside the path, which tells netnsd's own path from any other. */
#define ANNOTATION_LEASE "dev.netnsd.lease"
#define ANNOTATION_ADDRESS "dev.netnsd.address"
/* Asks for the daemon's resolver files, or for none. */
#define ANNOTATION_DNS "dev.netnsd.dns"

#endif
