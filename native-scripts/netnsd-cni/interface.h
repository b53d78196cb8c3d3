#ifndef NETNSD_CNI_INTERFACE_H
#define NETNSD_CNI_INTERFACE_H

#include <stdbool.h>

/* An interface of the namespace in which the process is, by the ioctls of netdevice(7). */
struct cni_interface {
  unsigned index;
  bool up;
  /* Whether it has a carrier and the kernel has noticed. */
  bool running;
  /* As text, in lower case. */
  char mac[18];
};

/* False if there is none of this name. */
bool cni_interface_read(struct cni_interface *interface, const char *name);

/* Whether the interface has this address, `10.0.0.2/16` or IPv6 likewise. */
bool cni_interface_has(const char *name, const char *address);

/* Whether the namespace has an IPv4 route to this destination, `0.0.0.0/0` say, by whatever interface (/proc/net/route). */
bool cni_has_route(const char *destination);

#endif
