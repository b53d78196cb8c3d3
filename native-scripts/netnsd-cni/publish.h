#ifndef NETNSD_CNI_PUBLISH_H
#define NETNSD_CNI_PUBLISH_H

#include "attachment.h"

/*
 * A pod's own port mappings: elements of two maps in the daemon's table in the host, written by this program, so that they work with the daemon
 * down. The attachment's file names them; the daemon adds them again where they are lost, and takes them away with the lease. Who changes them
 * holds the lock on the folder of attachments (flock(2)).
 */

/* Opens what publishing takes, in this network namespace, which is the host's. Once; again does nothing. */
bool cni_publish_open(struct cni_attachments *attachments, const char *socket_path, struct cni_failure *failure);

/*
 * Writes the attachment with its ports into its file, and has them lead to its address. False with CNI_PORT_TAKEN where another pod, or a
 * pool, has one of them: then none leads there.
 */
bool cni_publish(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                 struct cni_failure *failure);

/* Takes those of an attachment away that lead to it, and out of its file. What is not there is done. */
bool cni_unpublish(struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment, const char *socket_path,
                   struct cni_failure *failure);

/* Whether all ports of an attachment lead to it. */
bool cni_is_published(const struct cni_attachments *attachments, const struct cni_attachment *attachment, struct cni_failure *failure);

#endif
