#ifndef NETNSD_CNI_ENVIRONMENT_H
#define NETNSD_CNI_ENVIRONMENT_H

#include <net/if.h>
#include <stdbool.h>

#include "failure.h"
#include "shelf.h"

enum cni_command { CNI_ADD, CNI_DEL, CNI_CHECK, CNI_STATUS, CNI_GC, CNI_VERSION };

/* Room for a Kubernetes namespace (RFC 1123 label) and any other name that can be a tenant's. */
enum { CNI_NAME_MAX = 255, CNI_NAMESPACE_SIZE = 65 };

/* What the runtime says by environment variables, checked. Strings point to the environment; empty where the command has no use for them. */
struct cni_environment {
  enum cni_command command;
  const char *container_id;
  /* Empty: DEL without a namespace. */
  const char *netns;
  const char *ifname;
  /* K8S_POD_NAMESPACE of CNI_ARGS; empty: not said. */
  char pod_namespace[CNI_NAMESPACE_SIZE];
};

/* Reads CNI_COMMAND and what this command demands. `get` is getenv(3), or a test's own. */
bool cni_environment_read(struct cni_environment *environment, const char *(*get)(const char *name), struct cni_failure *failure);

/* Whether the kernel takes this for an interface's name (dev_valid_name in net/core/dev.c). */
bool cni_is_ifname(const char *name);

/* Whether the specification takes this for a container's id, or a network's name: a letter or a digit, then those and `_.-`. */
bool cni_is_name(const char *name);

/* The lease's key on the shelf: the container's id, with a mark of network and interface, of which one pod may have several. */
bool cni_key(char key[SHELF_KEY_MAX + 1], const char *container_id, const char *network, const char *ifname);

#endif
