#ifndef NETNSD_CNI_RTNETLINK_H
#define NETNSD_CNI_RTNETLINK_H

#include <stdbool.h>

/*
 * The requests of rtnetlink(7) that a graft takes, each acknowledged, on a socket of the namespace in which it was opened. False with errno:
 * the kernel's, or ETIMEDOUT.
 */
int cni_rtnetlink_open(void);

/* Moves a link to the namespace behind `netns_fd` and gives it this name there (`ip link set eth0 netns X name Y`). It is down then. */
bool cni_link_move(int socket_fd, unsigned index, int netns_fd, const char *name);

/* The kernel gives it no IPv6 addresses of its own (`ip link set eth0 addrgenmode none`). EAFNOSUPPORT where there is no IPv6. */
bool cni_link_stop_ipv6(int socket_fd, unsigned index);

bool cni_link_up(int socket_fd, unsigned index);

bool cni_link_delete(int socket_fd, unsigned index);

/* Adds `10.0.0.2/16`, with its broadcast address, or an IPv6 address, which is used without duplicate address detection. EINVAL: it is no address. */
bool cni_address_add(int socket_fd, unsigned index, const char *address);

/* Adds a route to `10.0.0.0/8` or `::/0` by way of a gateway. */
bool cni_route_add(int socket_fd, unsigned index, const char *destination, const char *gateway);

#endif
