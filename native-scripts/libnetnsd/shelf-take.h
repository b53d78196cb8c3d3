#ifndef NETNSD_SHELF_TAKE_H
#define NETNSD_SHELF_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "new-file.h"
#include "offer.h"
#include "shelf.h"

/* What is taken, for whom, and on what terms. */
struct wanted {
  /* NULL: the daemon's default. */
  const char *pool;
  const char *tenant;
  /* The container's spec as it was read, which the daemon judges; empty for a lease of no container that is about to start. */
  const char *spec;
  size_t spec_length;
  /* How long the lease lasts, in milliseconds; 0: until it is released. */
  int64_t ttl_ms;
  /* The process with whose end it ends, and when that started (field 22 of proc_pid_stat(5)); 0: none. */
  long pid;
  uint64_t start_ticks;
  /* Whether offers of pools with mount_dns will do: the caller writes and mounts DNS files, or is not to. */
  bool any_dns;
};

/* A lease that was taken. */
struct taken {
  struct offer offer;
  char lease[RANDOM_HEX_SIZE];
  /* Since the epoch. */
  int64_t taken_at_ms;
};

/*
 * Takes an endpoint under the shelf's key; where that is empty the lease is no container's, and the key becomes that of the lease. False:
 * nothing is held, and the daemon is to be asked.
 */
bool shelf_take(struct shelf *shelf, const struct wanted *wanted, struct taken *taken);

/* Reads what was taken under the shelf's key and not given back, whether or not the daemon has entered it. */
bool shelf_read_taken(const struct shelf *shelf, struct offer *offer);

#endif
