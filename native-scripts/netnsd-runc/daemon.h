#ifndef NETNSD_DAEMON_H
#define NETNSD_DAEMON_H

#include <stdbool.h>

#include "settings.h"

/* What is asked about one container. Empty strings mean: not said. */
struct container {
  const char *id;
  const char *bundle; /* absolute */
  const char *pool;
  const char *tenant;
  /* The runtime's --root: container ids are unique within it only. Empty for the runtime's default. */
  const char *root;
  long pid; /* hooks only */
};

enum verdict {
  VERDICT_DONE,        /* patched, grafted, or given back */
  VERDICT_PASSTHROUGH, /* the daemon says that this container does not concern it */
  VERDICT_REFUSED,     /* the request is wrong: 4xx */
  VERDICT_FAILED,      /* the daemon is down, slow, broken, or has nothing to give */
};

struct reply {
  /* The lease stood before this request: a failure now must not release it. */
  bool existing;
  /* The lease's namespace is not at its path for this process, and so not for the runtime. */
  bool unseen;
  /* One line for people, for VERDICT_REFUSED and VERDICT_FAILED. */
  char message[1024];
};

/* POST /v1/oci/patch: acquires an endpoint and writes its path into the bundle's config.json. */
enum verdict daemon_patch(const struct settings *settings, const struct container *container, struct reply *reply);

/* POST /v1/oci/graft: acquires an endpoint and moves it into the network namespace of the container's process. */
enum verdict daemon_graft(const struct settings *settings, const struct container *container, struct reply *reply);

/*
 * DELETE /v1/containers/{id}/lease: gives back what the container holds; idempotent. Refused while a process is inside; with `over` the
 * runtime has said that the container is no more, and the daemon need not look before it answers.
 */
enum verdict daemon_release(const struct settings *settings, const struct container *container, bool over, struct reply *reply);

#endif
