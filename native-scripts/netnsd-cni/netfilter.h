#ifndef NETNSD_CNI_NETFILTER_H
#define NETNSD_CNI_NETFILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "ports.h"

/* What is asked of nftables and of connection tracking, on a socket of the namespace in which it was opened. */
int cni_netfilter_open(void);

/* The daemon's table in the host, and in it the two maps that this program writes to: see src/endpoint/network/host-rules.ts. */
enum { CNI_TABLE_SIZE = 32 };
#define CNI_MAP "mapped"
#define CNI_MAP_AT "mapped-at"
/* The daemon's own: ports that pools publish. */
#define CNI_MAP_PUBLISHED "published"

/* Where a port of the host leads. */
struct cni_element {
  struct cni_port port;
  unsigned char address[4];
};

/* Adds, or takes away, all of them in one transaction. False with errno: EEXIST, ENOENT (no such element, or no such table). */
bool cni_elements_change(int fd, const char *table, bool add, const struct cni_element *elements, size_t count);

/* Where `element->port` leads by this map: fills in container port and address. False with errno; ENOENT: nowhere, or there is no such map. */
bool cni_element_find(int fd, const char *table, const char *map, struct cni_element *element);

/* Calls `see` with each element of the map of ports of single addresses, until it is true. False with errno. */
bool cni_elements_each(int fd, const char *table, bool (*see)(const struct cni_element *element, void *context), void *context);

#endif
