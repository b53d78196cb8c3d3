#ifndef NETNSD_CNI_OPERATIONS_H
#define NETNSD_CNI_OPERATIONS_H

#include <stdbool.h>

#include "attachment.h"
#include "configuration.h"
#include "environment.h"
#include "failure.h"
#include "text.h"

/*
 * The commands of the specification. Each does all of its work, adds its result to `text` where it has one, and is false with a failure; then
 * nothing of it is left, or what is left is for DEL to undo.
 */
bool cni_add(const struct cni_environment *environment, const struct cni_configuration *configuration, struct text *text,
             struct cni_failure *failure);

/* Idempotent: what is not there is done. */
bool cni_delete(const struct cni_environment *environment, const struct cni_configuration *configuration, struct cni_failure *failure);

/* Looks into the namespace; changes nothing. */
bool cni_check(const struct cni_environment *environment, const struct cni_configuration *configuration, struct cni_failure *failure);

/* Ends every attachment of this network that is not on the list of those that are valid. */
bool cni_collect(const struct cni_configuration *configuration, struct cni_failure *failure);

/* Ends one: its port mappings, the overlay or the grafted interface, then the lease, then the file. */
bool cni_detach(struct cni_attachments *attachments, const char *socket_path, const char *key, struct cni_failure *failure);

#endif
