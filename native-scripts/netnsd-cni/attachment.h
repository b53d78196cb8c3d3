#ifndef NETNSD_CNI_ATTACHMENT_H
#define NETNSD_CNI_ATTACHMENT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "environment.h"
#include "failure.h"
#include "netfilter.h"
#include "new-file.h"

/* How an endpoint reaches its container; NONE: that is not decided yet. */
enum cni_delivery { CNI_DELIVERY_NONE, CNI_DELIVERY_OVERLAY, CNI_DELIVERY_GRAFT };

/* The file STATE_DIR/attachments/KEY: what this plugin does, or did, to a namespace of a runtime's. */
struct cni_attachment {
  char network[CNI_NAME_MAX + 1];
  char container_id[CNI_NAME_MAX + 1];
  char ifname[IFNAMSIZ];
  /* CNI_NETNS, symbolic links followed, and the inode of the namespace that the runtime made. */
  char target[PATH_MAX];
  uint64_t target_inode;
  enum cni_delivery delivery;
  /* Empty and 0 until there is a lease: its id, the MAC of its interface, the inode of its namespace. */
  char lease[RANDOM_HEX_SIZE];
  char mac[32];
  uint64_t netns_inode;
  /* Its own port mappings, and the addresses to which they lead, of each family; empty where there are none. */
  struct cni_ports ports;
  char address[CNI_ADDRESS_TEXT_SIZE];
  char address6[CNI_ADDRESS_TEXT_SIZE];
  /* DEL was here and could not end the lease: the daemon does so at once. */
  bool ended;
};

/* The folder of attachments; with a socket for the host's port mappings, or -1, and the table that they are in: see publish.h. */
struct cni_attachments {
  int fd;
  int netfilter;
  char table[CNI_TABLE_SIZE];
};

/* Opens the folder beside the daemon's socket, and makes it if `make`. False with a failure, or with code 0 if there is none. */
bool cni_attachments_open(struct cni_attachments *attachments, const char *socket_path, bool make, struct cni_failure *failure);

void cni_attachments_close(struct cni_attachments *attachments);

/* Writes a file that was not there: of two that attach the same, the second one gets CNI_ALREADY_ATTACHED. */
bool cni_attachment_create(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                           struct cni_failure *failure);

/* Replaces the file, by a rename. */
bool cni_attachment_replace(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                            struct cni_failure *failure);

/* Reads the file of this key. False if there is none, or if its text is no attachment. */
bool cni_attachment_read(const struct cni_attachments *attachments, const char *key, struct cni_attachment *attachment);

/* The same of a text, which may hold anything. */
bool cni_attachment_parse(struct cni_attachment *attachment, const char *text, size_t length);

void cni_attachment_remove(const struct cni_attachments *attachments, const char *key);

#endif
