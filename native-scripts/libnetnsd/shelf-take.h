#ifndef NETNSD_SHELF_TAKE_H
#define NETNSD_SHELF_TAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "new-file.h"
#include "offer.h"
#include "shelf.h"

/* What a container holds. */
struct taken {
  struct offer offer;
  char lease[RANDOM_HEX_SIZE];
};

/*
 * Takes an endpoint of the pool (NULL: of the daemon's default) for the shelf's container, whose spec it leaves for the daemon to read.
 * False: nothing is held, and the daemon is to be asked.
 */
bool shelf_take(const struct shelf *shelf, const char *pool, const char *spec, size_t spec_length, struct taken *taken);

#endif
