/*
 * Returns when the kernel has done with all network namespaces dropped so far. It cleans them up later, one batch after
 * another (net/core/net_namespace.c, cleanup_net), holding locks that a build needs, and would spoil what is measured
 * next. So: drop a namespace with a link to this one and wait until the link is gone; every namespace dropped before is
 * in that batch or an earlier one. The second round waits for the rest of that batch.
 *
 * Start it in a network namespace of its own. Gives up with status 1 after 60 s.
 */
#include "rtnetlink.h"

#include <fcntl.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

static const char link_name[] = "nnsettle";
enum { ATTEMPTS = 30000 };

static void create_veth(int socket_fd, int namespace_fd) {
  struct ifinfomsg body = {0};
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_string(IFLA_IFNAME, link_name);
  struct rtattr *info = open_nest(IFLA_LINKINFO);
  put_string(IFLA_INFO_KIND, "veth");
  struct rtattr *data = open_nest(IFLA_INFO_DATA);
  struct rtattr *peer = open_nest(VETH_INFO_PEER);
  put(&body, sizeof body);
  put_u32(IFLA_NET_NS_FD, (unsigned)namespace_fd);
  close_nest(peer);
  close_nest(data);
  close_nest(info);
  end();
  send_batch(socket_fd, "create link");
}

int main(void) {
  int host_socket = open_rtnetlink(), host_namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (host_namespace < 0) FAIL("open namespace");
  for (int round = 0; round < 2; round++) {
    if (unshare(CLONE_NEWNET)) FAIL("unshare");
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(host_namespace, CLONE_NEWNET)) FAIL("return to the first namespace");
    create_veth(host_socket, fd);
    close(fd);
    int attempt = 0;
    while (if_nametoindex(link_name)) {
      if (++attempt > ATTEMPTS) {
        errno = ETIMEDOUT;
        FAIL("the kernel's cleanup of namespaces");
      }
      nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
  }
  return 0;
}
