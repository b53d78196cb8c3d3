#ifndef NETNSD_CNI_RTNETLINK_H
#define NETNSD_CNI_RTNETLINK_H

#include <stdbool.h>
#include <stdint.h>

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

/*
 * What leaves the link has at most this rate (`tc qdisc replace dev eth0 root handle 8002: tbf rate … burst …`), in bytes; a burst of 0: what is
 * sent in 10 ms. By the handle the daemon tells it from what a pool has given: src/kernel/rtnetlink/qdisc.ts.
 */
bool cni_link_limit(int socket_fd, unsigned index, uint64_t bytes_per_second, uint64_t burst_bytes, uint64_t mtu_bytes);

bool cni_link_delete(int socket_fd, unsigned index);

/* Adds `10.0.0.2/16`, with its broadcast address, or an IPv6 address, which is used without duplicate address detection. EINVAL: it is no address. */
bool cni_address_add(int socket_fd, unsigned index, const char *address);

/* Adds a route to `10.0.0.0/8` or `::/0` by way of a gateway. */
bool cni_route_add(int socket_fd, unsigned index, const char *destination, const char *gateway);

#endif
