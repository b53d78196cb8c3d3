#ifndef NETNSD_NAMES_H
#define NETNSD_NAMES_H

#include <stdbool.h>

/* Whether runtimes and file systems take this for a container's id: 1 to 255 of letters, digits and `_+.-`, neither `.` nor `..`. */
bool is_container_id(const char *id);

/* Whether it names a tenant: 1 to 64 of letters, digits and `_.:@-`, the first of which is a letter or a digit. */
bool is_tenant_name(const char *name);

/* Whether it can name a pool or an endpoint: letters, digits and `_.-`, and no hidden file. */
bool is_plain_name(const char *name);

#endif
