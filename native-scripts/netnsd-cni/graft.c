#include "graft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "interface.h"
#include "rtnetlink.h"

/* The two namespaces, by sockets that stay in them. */
struct sides {
  int pooled_socket;
  int target_socket;
  unsigned pooled_index;
};

static bool fail(struct cni_failure *failure, const char *step) {
  return cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the interface cannot be moved into the container's network namespace: %s", step);
}

static bool open_sides(struct sides *sides, const struct cni_target *target, const struct cni_target *pooled, const struct cni_lease *lease,
                       const char *ifname, struct cni_failure *failure) {
  *sides = (struct sides){.pooled_socket = -1, .target_socket = -1};
  if (setns(pooled->fd, CLONE_NEWNET) != 0) return fail(failure, "the pooled namespace cannot be entered");
  sides->pooled_socket = cni_rtnetlink_open();
  sides->pooled_index = if_nametoindex(lease->ifname);
  if (sides->pooled_socket < 0 || sides->pooled_index == 0) return fail(failure, "the pooled namespace has no such interface");
  if (setns(target->fd, CLONE_NEWNET) != 0) return fail(failure, "the namespace cannot be entered");
  sides->target_socket = cni_rtnetlink_open();
  if (sides->target_socket < 0) return fail(failure, "a socket cannot be opened there");
  if (if_nametoindex(ifname) == 0) return true;
  return cni_fail(failure, CNI_ALREADY_ATTACHED, "the container's network namespace has an interface %s already", ifname);
}

static void close_sides(const struct sides *sides) {
  if (sides->pooled_socket >= 0) close(sides->pooled_socket);
  if (sides->target_socket >= 0) close(sides->target_socket);
}

static bool copy(struct json object, const char *key, char *text, size_t size) {
  struct json value;
  return json_get(object, key, &value) == JSON_FOUND && json_copy(value, text, size);
}

/* `fe80::10.213.0.2/64` of `fd00:213::10.213.0.2/64`. */
static bool link_local_of(char address[64]) {
  unsigned char bytes[16];
  char *slash = strchr(address, '/');
  if (slash == NULL) return false;
  *slash = '\0';
  if (inet_pton(AF_INET6, address, bytes) != 1) return false;
  memset(bytes, 0, 12);
  bytes[0] = 0xfe;
  bytes[1] = 0x80;
  if (inet_ntop(AF_INET6, bytes, address, INET6_ADDRSTRLEN) == NULL) return false;
  strcat(address, "/64");
  return true;
}

static bool add_addresses(int fd, unsigned index, struct json root) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  char address[64];
  if (json_get(root, "addresses", &list) != JSON_FOUND) return false;
  while (json_next(list, &position, NULL, &entry)) {
    if (!copy(entry, "address", address, sizeof address) || !cni_address_add(fd, index, address)) return false;
    if (strchr(address, ':') == NULL) continue;
    /* The daemon gives every endpoint this one too, by which the kernel asks for neighbours (src/endpoint/plan.ts). */
    if (!link_local_of(address) || !cni_address_add(fd, index, address)) return false;
  }
  return true;
}

static bool has_ipv6(struct json root) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  char address[64];
  if (json_get(root, "addresses", &list) != JSON_FOUND) return false;
  while (json_next(list, &position, NULL, &entry))
    if (copy(entry, "address", address, sizeof address) && strchr(address, ':') != NULL) return true;
  return false;
}

/* A sysctl of the interface, in the namespace in which the process is, to 0. */
static bool switch_off(const char *ifname, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", ifname, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write(fd, "0", 1) == 1;
  if (fd >= 0) close(fd);
  return written;
}

static bool add_routes(int fd, unsigned index, struct json root) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  char destination[64];
  char gateway[64];
  if (json_get(root, "routes", &list) != JSON_FOUND) return false;
  while (json_next(list, &position, NULL, &entry)) {
    bool read = copy(entry, "destination", destination, sizeof destination) && copy(entry, "gateway", gateway, sizeof gateway);
    /* Of two networks of a pod, the first one has the default route; so it is with the plugins of the CNI project. */
    if (!read || (!cni_route_add(fd, index, destination, gateway) && errno != EEXIST)) return false;
  }
  return true;
}

/*
 * The kernel notices a carrier a moment later (net/core/link_watch.c), on both ends together, and a bridge drops what comes until then. An
 * interface that does not come up in time is left to itself.
 */
static void wait_until_running(const char *ifname) {
  enum { TRIES = 9 };
  struct cni_interface interface;
  long pause_ms = 1;
  for (int attempt = 0; attempt < TRIES; attempt++, pause_ms *= 2) {
    if (cni_interface_read(&interface, ifname) && interface.running) return;
    nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000L}, NULL);
  }
}

static bool set_up(int fd, const struct cni_lease *lease, const char *ifname, struct cni_failure *failure) {
  unsigned index = if_nametoindex(ifname);
  unsigned loopback = if_nametoindex("lo");
  if (index == 0) return fail(failure, "it is not where it was moved to");
  if (!cni_link_stop_ipv6(fd, index) && errno != EAFNOSUPPORT) return fail(failure, "its IPv6 addresses cannot be stopped");
  if (has_ipv6(lease->root) && (!switch_off(ifname, "disable_ipv6") || !switch_off(ifname, "accept_ra")))
    return fail(failure, "IPv6 cannot be switched on");
  if (!add_addresses(fd, index, lease->root)) return fail(failure, "an address cannot be added");
  if (!cni_link_up(fd, index)) return fail(failure, "it cannot be set up");
  if (!add_routes(fd, index, lease->root)) return fail(failure, "a route cannot be added");
  if (loopback == 0 || !cni_link_up(fd, loopback)) return fail(failure, "lo cannot be set up");
  return true;
}

/* False with errno. What is not there, or is another interface, is done. */
static bool delete_link(int fd, const char *ifname, const char *mac) {
  struct cni_interface interface;
  if (!cni_interface_read(&interface, ifname) || strcmp(interface.mac, mac) != 0) return true;
  return cni_link_delete(fd, interface.index) || errno == ENODEV;
}

/* The kernel takes the limit of its pool off a link that is moved. */
static bool limit(const struct cni_lease *lease, const char *ifname, const struct cni_rate *egress, struct cni_failure *failure) {
  const struct cni_rate of_pool = {.bits = cni_lease_rate_out(lease)};
  return cni_rate_set(ifname, cni_lease_mtu(lease), egress->bits > 0 ? egress : &of_pool, failure);
}

static bool move(const struct sides *sides, const struct cni_target *target, const struct cni_lease *lease, const char *ifname,
                 const struct cni_rate *egress, struct cni_failure *failure) {
  bool moved = cni_link_move(sides->pooled_socket, sides->pooled_index, target->fd, ifname) || fail(failure, "it cannot be moved");
  if (moved && set_up(sides->target_socket, lease, ifname, failure) && limit(lease, ifname, egress, failure)) {
    wait_until_running(ifname);
    return true;
  }
  /* The kernel moves it first and then renames it: where that failed, it bears its old name there. */
  delete_link(sides->target_socket, ifname, lease->mac);
  delete_link(sides->target_socket, lease->ifname, lease->mac);
  return false;
}

bool cni_graft(const struct cni_target *target, const struct cni_target *pooled, const struct cni_lease *lease, const char *ifname,
               const struct cni_rate *egress, struct cni_failure *failure) {
  struct sides sides;
  bool done = open_sides(&sides, target, pooled, lease, ifname, failure) && move(&sides, target, lease, ifname, egress, failure);
  close_sides(&sides);
  return done;
}

static bool delete_here(const char *ifname, const char *mac) {
  int fd = cni_rtnetlink_open();
  bool deleted = fd >= 0 && delete_link(fd, ifname, mac);
  if (fd >= 0) close(fd);
  return deleted;
}

bool cni_graft_undo(const char *path, uint64_t inode, const char *ifname, const char *mac) {
  struct cni_target target;
  struct cni_failure none;
  if (cni_netns_inode(path) != inode || !cni_target_open(&target, path, &none)) return true;
  bool done = target.inode != inode || (setns(target.fd, CLONE_NEWNET) == 0 && delete_here(ifname, mac));
  cni_target_close(&target);
  return done;
}
