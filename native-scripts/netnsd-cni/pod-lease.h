#ifndef NETNSD_CNI_POD_LEASE_H
#define NETNSD_CNI_POD_LEASE_H

#include "configuration.h"
#include "failure.h"
#include "new-file.h"

/* Room for a lease as the API says it. */
enum { CNI_LEASE_MAX = 16384 };

/* What a pod gets. `root` is a slice of `text`: an object with interface, addresses, routes and dns, as a lease has them. */
struct cni_lease {
  char id[RANDOM_HEX_SIZE];
  char path[PATH_MAX];
  uint64_t inode;
  char ifname[IFNAMSIZ];
  char mac[32];
  struct json root;
  char text[CNI_LEASE_MAX];
};

/*
 * Takes an endpoint from the shelf, or asks the daemon for one: CNI_TRY_AGAIN_LATER where neither has one within some seconds, CNI_REFUSED
 * where asking again would change nothing.
 */
bool cni_lease_acquire(struct cni_lease *lease, const struct cni_configuration *configuration, const char *key,
                       struct cni_failure *failure);

/*
 * Gives back what is leased under this key, if anything. False, with a failure, if only the daemon can and it does not answer: it ends the
 * lease by itself once the attachment's target has gone.
 */
bool cni_lease_release(const char *socket_path, const char *key, struct cni_failure *failure);

/* The first address of this family of a lease; empty where there is none. */
void cni_lease_address(const struct cni_lease *lease, enum cni_family family, char address[CNI_ADDRESS_TEXT_SIZE]);

/* The interface's MTU in bytes, and what it sends by its pool's configuration, in bits in a second; 0 where the lease does not say. */
unsigned long cni_lease_mtu(const struct cni_lease *lease);
unsigned long cni_lease_rate_out(const struct cni_lease *lease);

/* The other end of the pair, and the path of the hub that it is in. False where the lease does not say. */
bool cni_lease_host_end(const struct cni_lease *lease, const char *socket_path, char name[IFNAMSIZ], char hub[PATH_MAX]);

/* Whether an ADD could be served now: something lies on the shelf, or the daemon answers for the pool. */
bool cni_lease_possible(const struct cni_configuration *configuration, struct cni_failure *failure);

/* Reads a lease's, or an offer's, text into the other fields. The text may hold anything. */
bool cni_lease_parse(struct cni_lease *lease, size_t length);

#endif
