#ifndef NETNSD_SHELF_PATCH_H
#define NETNSD_SHELF_PATCH_H

#include <stdbool.h>

#include "bundle.h"
#include "daemon.h"
#include "settings.h"

/*
 * What daemon_patch does, without the daemon: takes an endpoint from its shelf and writes it into the bundle, which wants one. False:
 * nothing is held and nothing was written, for whatever reason, and the daemon is to be asked; else `*verdict` and `reply` are as it would
 * give them.
 */
bool shelf_patch(const struct settings *settings, const struct container *container, const struct bundle *bundle, enum verdict *verdict,
                 struct reply *reply);

/* What daemon_release does for a container that is no more, if it has its endpoint from the shelf. False: the daemon is to be asked. */
bool shelf_release(const struct settings *settings, const struct container *container);

#endif
