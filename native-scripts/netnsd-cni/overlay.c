#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { LINKS_MAX = 32, VALUE_MAX = 64 };

/* What an engine sets before it asks for a network (CRI-O does): Kubernetes' safe sysctls of the net, and what decides about routing. */
static const char *const sysctls[] = {"core/somaxconn",
                                      "ipv4/ip_forward",
                                      "ipv4/ip_local_port_range",
                                      "ipv4/ip_local_reserved_ports",
                                      "ipv4/ip_unprivileged_port_start",
                                      "ipv4/ping_group_range",
                                      "ipv4/tcp_fin_timeout",
                                      "ipv4/tcp_keepalive_intvl",
                                      "ipv4/tcp_keepalive_probes",
                                      "ipv4/tcp_keepalive_time",
                                      "ipv4/tcp_rmem",
                                      "ipv4/tcp_syncookies",
                                      "ipv4/tcp_wmem",
                                      "ipv4/conf/all/rp_filter",
                                      "ipv6/conf/all/disable_ipv6",
                                      "ipv6/conf/all/forwarding"};
enum { SYSCTLS = sizeof sysctls / sizeof sysctls[0] };
/* Those that engines set for every pod (ping_group_range by CRI-O), and that the daemon resets when it verifies: engine-sysctls.ts. */
static const char *const carried[] = {"ipv4/ip_unprivileged_port_start", "ipv4/ping_group_range"};

/* What is compared of a namespace. */
struct view {
  char links[LINKS_MAX][IFNAMSIZ];
  int count;
  char values[SYSCTLS][VALUE_MAX];
};

static void read_sysctl(const char *name, char value[VALUE_MAX]) {
  char path[128];
  snprintf(path, sizeof path, "/proc/sys/net/%s", name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? 0 : read(fd, value, VALUE_MAX - 1);
  if (fd >= 0) close(fd);
  value[length < 0 ? 0 : length] = '\0';
}

static bool is_carried(const char *name) {
  return strcmp(name, carried[0]) == 0 || strcmp(name, carried[1]) == 0;
}

static bool write_sysctl(const char *name, const char *value) {
  char path[128];
  snprintf(path, sizeof path, "/proc/sys/net/%s", name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
  if (fd >= 0) close(fd);
  return written;
}

/* False if it cannot be entered, or has more links than are counted. */
static bool look_into(const struct cni_target *namespace, struct view *view) {
  if (setns(namespace->fd, CLONE_NEWNET) != 0) return false;
  struct if_nameindex *links = if_nameindex();
  if (links == NULL) return false;
  view->count = 0;
  for (struct if_nameindex *link = links; link->if_index != 0; link++, view->count++)
    if (view->count < LINKS_MAX) snprintf(view->links[view->count], IFNAMSIZ, "%s", link->if_name);
  if_freenameindex(links);
  for (size_t i = 0; i < SYSCTLS; i++) read_sysctl(sysctls[i], view->values[i]);
  return view->count <= LINKS_MAX;
}

static bool has_link(const struct view *view, const char *name, const char *but) {
  for (int i = 0; i < view->count; i++)
    if (strcmp(view->links[i], name) == 0) return strcmp(name, but) != 0;
  return false;
}

/* A namespace is born with lo, and with what modules add to each (sit0, tunl0): the pooled one says with what. */
static bool has_more_links(const struct view *theirs, const struct view *pooled, const char *pooled_ifname) {
  for (int i = 0; i < theirs->count; i++)
    if (!has_link(pooled, theirs->links[i], pooled_ifname)) return true;
  return false;
}

/* Of a pool that sets sysctls, the pooled namespace does not say what a new one has. */
static bool look_into_new(const struct cni_lease *lease, struct view *view) {
  struct json set;
  if (json_get(lease->root, "sysctls", &set) != JSON_FOUND) return true;
  if (unshare(CLONE_NEWNET) != 0) return false;
  for (size_t i = 0; i < SYSCTLS; i++) read_sysctl(sysctls[i], view->values[i]);
  return true;
}

/* Gives the pooled namespace, in which the process is, what the runtime's carries beyond a new one. */
static bool carry(const struct view *theirs, const struct view *fresh) {
  for (size_t i = 0; i < SYSCTLS; i++)
    if (strcmp(theirs->values[i], fresh->values[i]) != 0 && !write_sysctl(sysctls[i], theirs->values[i])) return false;
  return true;
}

const char *cni_overlay_obstacle(const struct cni_target *target, const struct cni_target *pooled, const struct cni_lease *lease,
                                 const char *ifname) {
  static struct view theirs;
  static struct view ours;
  static struct view fresh;
  if (target->mounted[0] == '\0') return "it is not mounted, as under /proc, or in another mount namespace";
  if (strcmp(lease->ifname, ifname) != 0) return "the interface has another name";
  if (!cni_target_is_of_our_user(target)) return "it is owned by another user namespace";
  if (!look_into(target, &theirs) || !look_into(pooled, &ours)) return "it cannot be looked into";
  if (has_more_links(&theirs, &ours, lease->ifname)) return "it has interfaces already";
  fresh = ours;
  if (!look_into_new(lease, &fresh) || setns(pooled->fd, CLONE_NEWNET) != 0) return "a new one cannot be looked into";
  for (size_t i = 0; i < SYSCTLS; i++)
    if (strcmp(theirs.values[i], fresh.values[i]) != 0 && !is_carried(sysctls[i])) return "it carries sysctls";
  return carry(&theirs, &fresh) ? NULL : "its sysctls cannot be carried over";
}

bool cni_overlay_mount(const struct cni_target *target, const struct cni_target *pooled) {
  char source[64];
  snprintf(source, sizeof source, "/proc/self/fd/%d", pooled->fd);
  return mount(source, target->mounted, NULL, MS_BIND, NULL) == 0;
}

bool cni_overlay_unmount(const char *path, uint64_t inode) {
  enum { LAYERS_MAX = 16 };
  if (inode == 0) return true;
  for (int layer = 0; layer < LAYERS_MAX && cni_netns_inode(path) == inode; layer++)
    /* EINVAL: it is no mount, as under /proc. */
    if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return errno == EINVAL || errno == ENOENT;
  return true;
}
