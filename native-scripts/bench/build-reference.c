/*
 * The yardstick of `netnsd bench build`: the same endpoints by the same netlink requests in the same order, from C on
 * one thread. It works in the network and mount namespace in which it is started, so start it in one of its own:
 *
 *   build-reference DIRECTORY COUNT BATCH
 *
 * builds COUNT endpoints with their mounts in DIRECTORY, BATCH at a time, and removes them again. Prints one JSON
 * object with milliseconds a phase.
 */
#include "rtnetlink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MTU_BYTES = 1500, PREFIX_LENGTH = 16, LOOPBACK_INDEX = 1, ETH0_INDEX = 2 };
static const unsigned GATEWAY = 0x0ad50001; /* 10.213.0.1, in host byte order as all addresses here */

static int host_socket, host_namespace;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Starts a change of an existing link, by index or, where that is 0, by name. */
static void begin_change(const char *name, int index, unsigned flags) {
  struct ifinfomsg body = {.ifi_index = index, .ifi_flags = flags, .ifi_change = flags};
  begin(RTM_NEWLINK, 0, &body, sizeof body);
  if (index == 0) put_string(IFLA_IFNAME, name);
}

static void change_flags(int index, unsigned flags) {
  begin_change(NULL, index, flags);
  end();
}

/* No link-local address, so no duplicate address detection and no router solicitation: ip link set … addrgenmode none */
static void put_no_ipv6_autoconfiguration(void) {
  unsigned char mode = IN6_ADDR_GEN_MODE_NONE;
  struct rtattr *families = open_nest(IFLA_AF_SPEC);
  struct rtattr *inet6 = open_nest(AF_INET6);
  put_attribute(IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
  close_nest(inet6);
  close_nest(families);
}

/* What both ends of a pair have in common. The MAC follows from the address, and the host's differs in one bit. */
static void put_end(const char *name, unsigned address, unsigned char first_byte) {
  unsigned char mac[6] = {first_byte, 0x58, (unsigned char)(address >> 24), (unsigned char)(address >> 16),
                          (unsigned char)(address >> 8), (unsigned char)address};
  put_string(IFLA_IFNAME, name);
  put_attribute(IFLA_ADDRESS, mac, sizeof mac);
  put_u32(IFLA_MTU, MTU_BYTES);
  put_u32(IFLA_NUM_TX_QUEUES, 1);
  put_u32(IFLA_NUM_RX_QUEUES, 1);
}

static void create_veth(const char *name, unsigned address, int namespace_fd) {
  struct ifinfomsg body = {0};
  /* The echo tells which index the link has got. */
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, &body, sizeof body);
  put_end(name, address, 0x0e);
  struct rtattr *info = open_nest(IFLA_LINKINFO);
  put_string(IFLA_INFO_KIND, "veth");
  struct rtattr *data = open_nest(IFLA_INFO_DATA);
  struct rtattr *peer = open_nest(VETH_INFO_PEER);
  put(&body, sizeof body);
  put_end("eth0", address, 0x0a);
  put_u32(IFLA_NET_NS_FD, (unsigned)namespace_fd);
  close_nest(peer);
  close_nest(data);
  close_nest(info);
  end();
}

static void create_address(int index, unsigned address) {
  struct ifaddrmsg body = {.ifa_family = AF_INET, .ifa_prefixlen = PREFIX_LENGTH, .ifa_index = (unsigned)index};
  begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_u32(IFA_LOCAL, htonl(address));
  put_u32(IFA_ADDRESS, htonl(address));
  put_u32(IFA_BROADCAST, htonl(address | (~0U >> PREFIX_LENGTH)));
  end();
}

static void create_default_route(void) {
  struct rtmsg body = {.rtm_family = AF_INET,
                       .rtm_table = RT_TABLE_MAIN,
                       .rtm_protocol = RTPROT_BOOT,
                       .rtm_scope = RT_SCOPE_UNIVERSE,
                       .rtm_type = RTN_UNICAST};
  begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_u32(RTA_GATEWAY, htonl(GATEWAY));
  put_u32(RTA_OIF, ETH0_INDEX);
  end();
}

/* The bridge answers ARP for what it knows, floods nothing to the port and learns nothing from it. */
static void make_port_quiet(int index) {
  struct ifinfomsg body = {.ifi_index = index};
  unsigned char off = 0, on = 1;
  begin(RTM_NEWLINK, 0, &body, sizeof body);
  struct rtattr *info = open_nest(IFLA_LINKINFO);
  put_string(IFLA_INFO_SLAVE_KIND, "bridge");
  struct rtattr *data = open_nest(IFLA_INFO_SLAVE_DATA);
  put_attribute(IFLA_BRPORT_LEARNING, &off, sizeof off);
  put_attribute(IFLA_BRPORT_PROXYARP, &on, sizeof on);
  put_attribute(IFLA_BRPORT_PROXYARP_WIFI, &on, sizeof on);
  close_nest(data);
  close_nest(info);
  end();
}

/* Makes the bridge know an endpoint: the port of its MAC (port > 0), or the MAC of its address. */
static void create_neighbour(int port, int bridge, unsigned address) {
  struct ndmsg body = {.ndm_family = port > 0 ? AF_BRIDGE : AF_INET,
                       .ndm_ifindex = port > 0 ? port : bridge,
                       .ndm_state = port > 0 ? NUD_NOARP : NUD_PERMANENT,
                       .ndm_flags = port > 0 ? NTF_MASTER : 0};
  unsigned char mac[6] = {0x0a, 0x58, (unsigned char)(address >> 24), (unsigned char)(address >> 16),
                          (unsigned char)(address >> 8), (unsigned char)address};
  begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
  if (port == 0) put_u32(NDA_DST, htonl(address));
  put_attribute(NDA_LLADDR, mac, sizeof mac);
  end();
}

/* Returns the index of a new bridge that is up and bears the gateway's address. */
static int create_bridge(const char *name) {
  struct ifinfomsg body = {0};
  unsigned char mac[6] = {0x06, 0x58, 10, 213, 0, 1}, off = 0;
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_string(IFLA_IFNAME, name);
  put_attribute(IFLA_ADDRESS, mac, sizeof mac);
  put_u32(IFLA_MTU, MTU_BYTES);
  struct rtattr *info = open_nest(IFLA_LINKINFO);
  put_string(IFLA_INFO_KIND, "bridge");
  struct rtattr *data = open_nest(IFLA_INFO_DATA);
  put_u32(IFLA_BR_STP_STATE, 0);
  put_attribute(IFLA_BR_MCAST_SNOOPING, &off, sizeof off);
  close_nest(data);
  close_nest(info);
  end();
  begin_change(name, 0, 0);
  put_no_ipv6_autoconfiguration();
  end();
  send_batch(host_socket, "create bridge");
  int index = (int)if_nametoindex(name);
  if (index == 0) FAIL("find %s", name);
  change_flags(index, IFF_UP);
  create_address(index, GATEWAY);
  send_batch(host_socket, "configure bridge");
  return index;
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

  int bridge = create_bridge("nnreference");
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
