#ifndef NETNSD_CNI_GRAFT_H
#define NETNSD_CNI_GRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "pod-lease.h"
#include "target.h"

/*
 * Moves the endpoint's interface into the runtime's namespace and makes it there what it was, under the name `ifname`: MAC, MTU, rate,
 * addresses, routes, up; lo up. CNI_ALREADY_ATTACHED where the name is taken, CNI_KERNEL_FAILURE with the step that failed: then the target is as it was
 * before, and the endpoint is to be given back, whereupon the daemon replaces it. The process is in the target's namespace afterwards.
 */
bool cni_graft(const struct cni_target *target, const struct cni_target *pooled, const struct cni_lease *lease, const char *ifname,
               const struct cni_rate *egress, struct cni_failure *failure);

/*
 * Deletes the interface of this name and MAC in the namespace at `path`, if that is the one with this inode; the other end goes with it. What
 * is not there is done. False with errno.
 */
bool cni_graft_undo(const char *path, uint64_t inode, const char *ifname, const char *mac);

#endif
