#ifndef NETNSD_CNI_TARGET_H
#define NETNSD_CNI_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

/* The namespace behind a path: CNI_NETNS, or a lease's. */
struct cni_target {
  int fd;
  uint64_t inode;
  /* Where it is mounted in this mount namespace, links followed; empty: it is not, and nothing can be mounted over it. */
  char mounted[PATH_MAX];
};

/* Opens a network namespace. CNI_UNKNOWN_CONTAINER if the path leads nowhere, CNI_INVALID_ENVIRONMENT if it leads to something else. */
bool cni_target_open(struct cni_target *target, const char *path, struct cni_failure *failure);

void cni_target_close(struct cni_target *target);

/* Inode of the network namespace to which the path leads, without opening what it is; 0: none. */
uint64_t cni_netns_inode(const char *path);

/* Whether the namespace is owned by this process's user namespace (NS_GET_USERNS of ioctl_ns(2)). */
bool cni_target_is_of_our_user(const struct cni_target *target);

#endif
