#ifndef NETNSD_LEASE_H
#define NETNSD_LEASE_H

#include "json.h"
#include "shelf-take.h"
#include "text.h"

/* Room for a lease that was taken from the shelf: its offer, and what the taker adds. */
enum { LEASE_TEXT_MAX = OFFER_TEXT_MAX + 1024 };

/* Adds the lease that the daemon will enter for what was taken under `key`, as its API would say it. */
void add_taken_lease(struct text *text, const char *key, const struct wanted *wanted, const struct taken *taken);

/* Adds the paths of leases, one a line. False if one of them is no lease; so below. */
bool add_paths(struct text *text, const struct json *leases, size_t count);

/* Adds the table of src/cli/lease-text.ts for new leases. */
bool add_table(struct text *text, const struct json *leases, size_t count);

/* A member of an object that is a string, decoded. False if there is none, or it does not fit. */
bool copy_string(struct json object, const char *name, char *buffer, size_t size);

#endif
