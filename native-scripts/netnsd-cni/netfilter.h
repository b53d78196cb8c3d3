#ifndef NETNSD_CNI_NETFILTER_H
#define NETNSD_CNI_NETFILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "ports.h"

/* What is asked of nftables and of connection tracking, on a socket of the namespace in which it was opened. */
int cni_netfilter_open(void);

/*
 * The daemon's table in the host, and in it the maps, one of each for IPv4 and for IPv6: ports of every address of the host and of single
 * addresses, which this program writes to, and ports that pools publish. See src/endpoint/network/host-rules.ts.
 */
enum { CNI_TABLE_SIZE = 32 };
enum cni_map { CNI_MAP, CNI_MAP_AT, CNI_MAP_PUBLISHED };

/* Where a port of the host leads. Its family is IPv4 or IPv6. */
struct cni_element {
  struct cni_port port;
  unsigned char address[CNI_ADDRESS_SIZE];
};

/* Adds, or takes away, all of them in one transaction. False with errno: EEXIST, ENOENT (no such element, or no such table). */
bool cni_elements_change(int fd, const char *table, bool add, const struct cni_element *elements, size_t count);

/* Where `element->port` leads by this map: fills in container port and address. False with errno; ENOENT: nowhere, or there is no such map. */
bool cni_element_find(int fd, const char *table, enum cni_map map, struct cni_element *element);

/* Calls `see` with each element of the map of ports of single addresses of this family, until it is true. False with errno. */
bool cni_elements_each(int fd, const char *table, enum cni_family family, bool (*see)(const struct cni_element *element, void *context),
                       void *context);

#endif
