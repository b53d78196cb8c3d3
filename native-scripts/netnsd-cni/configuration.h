#ifndef NETNSD_CNI_CONFIGURATION_H
#define NETNSD_CNI_CONFIGURATION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "environment.h"
#include "failure.h"
#include "json.h"
#include "ports.h"
#include "rates.h"

/* In order; results have the form of the version that the configuration has. */
enum cni_version { CNI_0_3_1, CNI_0_4_0, CNI_1_0_0, CNI_1_1_0, CNI_NEWEST = CNI_1_1_0, CNI_VERSIONS };

/* "0.3.1" to "1.1.0". */
const char *cni_version_text(enum cni_version version);

/* A pool's or a tenant's name, and a socket's path, with the NUL. */
enum { CNI_POOL_SIZE = 64, CNI_TENANT_SIZE = 65, CNI_SOCKET_SIZE = 108 };

#define CNI_DEFAULT_SOCKET "/run/netnsd/netnsd.sock"

/* The plugin's configuration, as the runtime gives it on stdin. JSON values are slices of that text, `start` NULL where there is none. */
struct cni_configuration {
  enum cni_version version;
  char name[CNI_NAME_MAX + 1];
  /* Empty: the default pool. */
  char pool[CNI_POOL_SIZE];
  char socket[CNI_SOCKET_SIZE];
  /* Whom the lease serves; of "namespace", what CNI_ARGS says of the pod. */
  char tenant[CNI_TENANT_SIZE];
  struct json prev_result;
  /* What the runtime wants as DNS, else what the configuration says. */
  struct json dns;
  /* The pod's own port mappings; `ports_are_held`: the engine's own sockets listen at them. */
  struct cni_ports ports;
  bool ports_are_held;
  struct cni_rates rates;
  /* No overlay, even where nothing is in its way: others go on in the namespace that they know. */
  bool graft;
  /* `cni.dev/valid-attachments`. */
  struct json valid_attachments;
};

/*
 * Reads the configuration for a command. Keys that netnsd-cni does not have are refused, so are capabilities that it cannot honour. On failure
 * `version` is the configuration's if that can be told, else the newest: an error has one too. The text may hold anything.
 */
bool cni_configuration_read(struct cni_configuration *configuration, const char *text, size_t length,
                            const struct cni_environment *environment, struct cni_failure *failure);

/* Which of our versions it is; -1: none. */
int cni_version_of(struct json text);

#endif
