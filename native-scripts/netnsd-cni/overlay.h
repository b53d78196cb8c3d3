#ifndef NETNSD_CNI_OVERLAY_H
#define NETNSD_CNI_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "pod-lease.h"
#include "target.h"

/*
 * Why the pooled namespace must not be mounted over the target, a constant text; NULL: it may. Sysctls that engines set for every pod
 * are given to the pooled namespace. The process is in one of the two namespaces afterwards.
 */
const char *cni_overlay_obstacle(const struct cni_target *target, const struct cni_target *pooled, const struct cni_lease *lease,
                                 const char *ifname);

/* Mounts the pooled namespace over the target's path (`mount --bind`). False with errno. */
bool cni_overlay_mount(const struct cni_target *target, const struct cni_target *pooled);

/* Unmounts whatever of the namespace with this inode lies on top at the path; what else lies there stays. False with errno. */
bool cni_overlay_unmount(const char *path, uint64_t inode);

#endif
