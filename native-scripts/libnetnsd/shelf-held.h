#ifndef NETNSD_SHELF_HELD_H
#define NETNSD_SHELF_HELD_H

#include <stdbool.h>

#include "new-file.h"
#include "offer.h"
#include "shelf.h"

/* A lease that was taken from the shelf and stands. */
struct held {
  struct offer offer;
  char lease[RANDOM_HEX_SIZE];
};

/* Reads what was taken under the shelf's key, whether or not the daemon has entered it. False if there is no such lease. */
bool shelf_read_held(const struct shelf *shelf, struct held *held);

#endif
