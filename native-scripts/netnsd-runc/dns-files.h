#ifndef NETNSD_DNS_FILES_H
#define NETNSD_DNS_FILES_H

#include <limits.h>
#include <stdbool.h>

#include "shelf-take.h"
#include "spec-places.h"
#include "text.h"

/* Paths of the files of a lease. */
struct dns_files {
  char hosts[PATH_MAX];
  /* Empty: the pool has no DNS settings, and the container keeps the file of its image. */
  char resolv_conf[PATH_MAX];
};

/*
 * Writes the DNS files of a lease that was taken, as the daemon does (src/containers/lease-dns.ts): `dns/LEASE/hosts` and `resolv.conf`
 * beside the shelf. `id` is the container's; its spec's host name is another name of it. The daemon removes them when the lease ends, whether
 * or not this succeeds. False: they could not be written, or the offer does not say what belongs into them.
 */
bool dns_files_write(struct dns_files *files, const struct shelf *shelf, const struct taken *taken, const struct spec_places *places,
                     const char *id);

/*
 * Writes a hosts(5) file with an offer's addresses, which may have prefix lengths, and those names that can be names of hosts. False if the
 * addresses are not of the usual form. Pure.
 */
bool dns_render_hosts(struct text *text, struct json addresses, const char *const names[], size_t count);

/* Writes a resolv.conf(5) file with an offer's settings; nothing where there are none. False if they are not of the usual form. Pure. */
bool dns_render_resolv_conf(struct text *text, struct json dns);

#endif
