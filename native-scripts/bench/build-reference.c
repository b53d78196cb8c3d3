/*
 * The yardstick of `netnsd bench build`: the same endpoints by the same netlink requests in the same order, from C on
 * one thread. It works in the network and mount namespace in which it is started, so start it in one of its own:
 *
 *   build-reference DIRECTORY COUNT BATCH
 *
 * builds COUNT endpoints with their mounts in DIRECTORY, BATCH at a time, and removes them again. Prints one JSON
 * object with milliseconds a phase.
 */
#include "reference-requests.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int host_socket, host_namespace;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* As in netnsd's hubs: links that are made from now on have no IPv6. */
static void disable_ipv6(void) {
  int file = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return;
  if (file < 0 || write(file, "1", 1) != 1) FAIL("disable IPv6");
  close(file);
}

struct endpoint {
  int socket, namespace_fd;
  unsigned address;
  ino_t inode;
  char link[IFNAMSIZ];
  char path[256];
};

/* The record, the mount and a socket inside; the thread is back in the host's namespace when it returns. */
static void create_namespace(struct endpoint *e) {
  int file = open(e->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (file < 0) FAIL("create %s", e->path);
  close(file);
  if (unshare(CLONE_NEWNET)) FAIL("unshare");
  if (mount("/proc/thread-self/ns/net", e->path, "none", MS_BIND, NULL)) FAIL("mount %s", e->path);
  e->namespace_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (e->namespace_fd < 0) FAIL("open namespace");
  e->socket = open_rtnetlink();
  struct stat status;
  if (stat(e->path, &status)) FAIL("stat %s", e->path);
  e->inode = status.st_ino;
  if (setns(host_namespace, CLONE_NEWNET)) FAIL("setns");
}

static void configure_inside(struct endpoint *e) {
  change_flags(LOOPBACK_INDEX, IFF_UP);
  begin_change(NULL, ETH0_INDEX, 0);
  put_no_ipv6_autoconfiguration();
  end();
  change_flags(ETH0_INDEX, IFF_UP);
  create_address(ETH0_INDEX, e->address);
  create_default_route();
  send_batch(e->socket, "configure inside");
}

/*
 * The host's end comes up last, joining the bridge in the same request: the pair has no carrier until then, and each
 * change of a pair that has one is announced to every port of the bridge.
 */
static void build(struct endpoint *first, int count, int bridge, double phases_ms[3]) {
  double start = now_ms();
  for (struct endpoint *e = first; e < first + count; e++) create_namespace(e);
  double made = now_ms();
  for (struct endpoint *e = first; e < first + count; e++) {
    create_veth(e->link, e->address, e->namespace_fd);
    begin_change(e->link, 0, 0);
    put_string(IFLA_IFALIAS, e->link);
    end();
    begin_change(e->link, 0, 0);
    put_no_ipv6_autoconfiguration();
    end();
  }
  int indexes[count];
  echoed_index = indexes;
  send_batch(host_socket, "create links");
  echoed_index = NULL;
  double linked = now_ms();
  for (struct endpoint *e = first; e < first + count; e++) configure_inside(e);
  double inside = now_ms();
  for (struct endpoint *e = first; e < first + count; e++) {
    int port = indexes[e - first];
    begin_change(NULL, port, IFF_UP);
    put_u32(IFLA_MASTER, (unsigned)bridge);
    end();
    make_port_quiet(port);
    create_neighbour(port, bridge, e->address);
    create_neighbour(0, bridge, e->address);
  }
  send_batch(host_socket, "join bridge");
  for (struct endpoint *e = first; e < first + count; e++) close(e->socket), close(e->namespace_fd);
  phases_ms[0] += made - start;
  phases_ms[1] += linked - made + now_ms() - inside;
  phases_ms[2] += inside - linked;
}

/*
 * Drops the namespaces and waits until the kernel has taken their links away, many at once. Asked by RTM_DELLINK, it
 * waits for an RCU grace period a link, under rtnl (18 ms each were seen).
 */
static void destroy(const struct endpoint *endpoints, int count) {
  for (const struct endpoint *e = endpoints; e < endpoints + count; e++) {
    if (umount2(e->path, MNT_DETACH | UMOUNT_NOFOLLOW)) FAIL("unmount %s", e->path);
    if (unlink(e->path)) FAIL("remove %s", e->path);
  }
  double deadline_ms = now_ms() + 30000;
  for (const struct endpoint *e = endpoints; e < endpoints + count; e++) {
    while (if_nametoindex(e->link)) {
      errno = ETIMEDOUT;
      if (now_ms() > deadline_ms) FAIL("remove link %s", e->link);
      nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
  }
}

int main(int argc, char **argv) {
  int count = argc == 4 ? atoi(argv[2]) : 0, batch_size = argc == 4 ? atoi(argv[3]) : 0;
  if (count < 1 || count > 1023 || batch_size < 1 || batch_size > 256) {
    fprintf(stderr, "usage: build-reference DIRECTORY COUNT(1-1023) BATCH(1-256)\n");
    return 2;
  }
  host_socket = open_rtnetlink();
  host_namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (host_namespace < 0) FAIL("open namespace");

  disable_ipv6();
  int bridge = create_bridge(host_socket, "nnreference");
  struct endpoint *endpoints = calloc((size_t)count, sizeof *endpoints);
  if (!endpoints) FAIL("endpoints");
  for (int i = 0; i < count; i++) {
    endpoints[i].address = GATEWAY + 1 + (unsigned)i;
    snprintf(endpoints[i].link, sizeof endpoints[i].link, "nnref%d", i);
    if (snprintf(endpoints[i].path, sizeof endpoints[i].path, "%s/ref-%d", argv[1], i) >= 256) FAIL("path is too long");
  }
  double phases_ms[3] = {0}, start = now_ms();
  for (int i = 0; i < count; i += batch_size)
    build(endpoints + i, count - i < batch_size ? count - i : batch_size, bridge, phases_ms);
  double built = now_ms();
  destroy(endpoints, count);
  double destroyed = now_ms();
  begin(RTM_DELLINK, 0, &(struct ifinfomsg){.ifi_index = bridge}, sizeof(struct ifinfomsg));
  end();
  send_batch(host_socket, "delete bridge");
  printf("{\"buildMs\":%.3f,\"namespacesMs\":%.3f,\"hostMs\":%.3f,\"insideMs\":%.3f,\"destroyMs\":%.3f}\n", built - start,
         phases_ms[0], phases_ms[1], phases_ms[2], destroyed - built);
  return 0;
}
