#include <fcntl.h>
#include <unistd.h>

#include "operations.h"
#include "graft.h"
#include "pod-lease.h"
#include "overlay.h"
#include "publish.h"

/* What the kernel has of it. */
static bool take_back(const struct cni_attachment *attachment, struct cni_failure *failure) {
  switch (attachment->delivery) {
    case CNI_DELIVERY_OVERLAY:
      return cni_overlay_unmount(attachment->target, attachment->netns_inode) ||
             cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the endpoint cannot be unmounted from %s", attachment->target);
    case CNI_DELIVERY_GRAFT:
      return cni_graft_undo(attachment->target, attachment->target_inode, attachment->ifname, attachment->mac) ||
             cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the interface %s cannot be deleted", attachment->ifname);
    case CNI_DELIVERY_NONE: break;
  }
  return true;
}

bool cni_detach(struct cni_attachments *attachments, const char *socket_path, const char *key, struct cni_failure *failure) {
  static struct cni_attachment attachment;
  bool read = cni_attachment_read(attachments, key, &attachment);
  if (read && !cni_unpublish(attachments, key, &attachment, socket_path, failure)) return false;
  if (read && !take_back(&attachment, failure)) return false;
  if (cni_lease_release(socket_path, key, failure)) {
    cni_attachment_remove(attachments, key);
  } else if (read) {
    /* Where only the daemon can end the lease and does not answer, the file stays: it tells the daemon that nothing is left to serve. */
    attachment.delivery = CNI_DELIVERY_NONE;
    attachment.ports.count = 0;
    attachment.ended = true;
    cni_attachment_replace(attachments, key, &attachment, failure);
  }
  return true;
}

bool cni_delete(const struct cni_environment *environment, const struct cni_configuration *configuration, struct cni_failure *failure) {
  char key[SHELF_KEY_MAX + 1];
  struct cni_attachments attachments;
  /* A container whose ADD was refused for its id. */
  if (!cni_key(key, environment->container_id, configuration->name, environment->ifname)) return true;
  if (!cni_attachments_open(&attachments, configuration->socket, false, failure)) return failure->code == 0;
  bool done = faccessat(attachments.fd, key, F_OK, AT_SYMLINK_NOFOLLOW) != 0 || cni_detach(&attachments, configuration->socket, key, failure);
  cni_attachments_close(&attachments);
  return done;
}
