#include "attachment.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

enum { ATTACHMENT_MAX = 32768, BESIDE_SIZE = SHELF_KEY_MAX + 32 };

static const char *const deliveries[] = {"none", "overlay", "graft"};

static bool is_ours_alone(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool cni_attachments_open(struct cni_attachments *attachments, const char *socket_path, bool make, struct cni_failure *failure) {
  char path[PATH_MAX + 16];
  const char *slash = strrchr(socket_path, '/');
  snprintf(path, sizeof path, "%.*s/attachments", slash == NULL ? 0 : (int)(slash - socket_path), socket_path);
  failure->code = 0;
  if (make && mkdir(path, 0700) != 0 && errno != EEXIST) {
    if (errno == ENOENT || errno == ENOTDIR)
      return cni_fail_errno(failure, CNI_TRY_AGAIN_LATER, "%s cannot be made: netnsd has not run here; start `netnsd serve`", path);
    return cni_fail_errno(failure, CNI_IO_FAILURE, "%s cannot be made", path);
  }
  attachments->netfilter = -1;
  attachments->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (attachments->fd < 0 && (errno == ENOENT || errno == ENOTDIR) && !make) return false;
  if (attachments->fd < 0) return cni_fail_errno(failure, CNI_IO_FAILURE, "%s cannot be opened", path);
  if (is_ours_alone(attachments->fd)) return true;
  cni_attachments_close(attachments);
  return cni_fail(failure, CNI_IO_FAILURE, "%s belongs to another user, or others may write to it: chown root and chmod 700", path);
}

void cni_attachments_close(struct cni_attachments *attachments) {
  close(attachments->fd);
  if (attachments->netfilter >= 0) close(attachments->netfilter);
  attachments->fd = -1;
}

static bool write_text(int fd, const struct cni_attachment *attachment) {
  char bytes[ATTACHMENT_MAX];
  struct text text = text_in(bytes, sizeof bytes);
  text_addf(&text, "{\"network\":\"%s\",\"containerId\":\"%s\",\"ifname\":\"%s\",\"target\":", attachment->network, attachment->container_id,
            attachment->ifname);
  bool written = text_add_json(&text, attachment->target);
  text_addf(&text, ",\"targetInode\":%llu,\"delivery\":\"%s\",\"lease\":\"%s\",\"mac\":\"%s\",\"netnsInode\":%llu",
            (unsigned long long)attachment->target_inode, deliveries[attachment->delivery], attachment->lease, attachment->mac,
            (unsigned long long)attachment->netns_inode);
  if (attachment->ports.count > 0) {
    if (attachment->address[0] != '\0') text_addf(&text, ",\"address\":\"%s\"", attachment->address);
    if (attachment->address6[0] != '\0') text_addf(&text, ",\"address6\":\"%s\"", attachment->address6);
    text_add(&text, ",\"ports\":");
    cni_ports_add(&text, &attachment->ports);
  }
  text_add(&text, attachment->ended ? ",\"ended\":true}\n" : "}\n");
  struct iovec piece = {.iov_base = text.bytes, .iov_len = text.length};
  if (written && !text.overflow) return write_pieces(fd, &piece, 1);
  errno = EILSEQ;
  return false;
}

/* Writes it beside, under a hidden name of this process's; a rename then shows it whole. False with errno. */
static bool write_beside(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                         char name[BESIDE_SIZE]) {
  snprintf(name, BESIDE_SIZE, ".%s.%ld", key, (long)getpid());
  int fd = new_file_at(attachments->fd, name);
  if (fd < 0) return false;
  bool written = write_text(fd, attachment);
  int error = errno;
  close(fd);
  if (!written) unlinkat(attachments->fd, name, 0);
  errno = error;
  return written;
}

static bool fail(const struct cni_attachment *attachment, struct cni_failure *failure) {
  return cni_fail_errno(failure, CNI_IO_FAILURE, "the attachment of %s cannot be written", attachment->container_id);
}

bool cni_attachment_create(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                           struct cni_failure *failure) {
  char name[BESIDE_SIZE];
  if (!write_beside(attachments, key, attachment, name)) return fail(attachment, failure);
  if (shelf_rename(attachments->fd, name, attachments->fd, key)) return true;
  bool exists = errno == EEXIST;
  fail(attachment, failure);
  unlinkat(attachments->fd, name, 0);
  if (!exists) return false;
  return cni_fail(failure, CNI_ALREADY_ATTACHED, "container %s already has %s of the network %s: DEL comes before the next ADD",
                  attachment->container_id, attachment->ifname, attachment->network);
}

bool cni_attachment_replace(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                            struct cni_failure *failure) {
  char name[BESIDE_SIZE];
  if (!write_beside(attachments, key, attachment, name)) return fail(attachment, failure);
  return renameat(attachments->fd, name, attachments->fd, key) == 0 || fail(attachment, failure);
}

static bool copy(struct json root, const char *key, char *copy, size_t size) {
  struct json value;
  return json_get(root, key, &value) == JSON_FOUND && json_copy(value, copy, size);
}

static bool read_number(struct json root, const char *key, uint64_t *number) {
  struct json value;
  return json_get(root, key, &value) == JSON_FOUND && json_unsigned(value, number);
}

static bool read_delivery(struct json root, enum cni_delivery *delivery) {
  struct json value;
  if (json_get(root, "delivery", &value) != JSON_FOUND) return false;
  for (int i = 0; i < (int)(sizeof deliveries / sizeof deliveries[0]); i++) {
    if (!json_is(value, deliveries[i])) continue;
    *delivery = (enum cni_delivery)i;
    return true;
  }
  return false;
}

/* Absent: it has none of this family. */
static bool read_address(struct json root, const char *key, enum cni_family family, char text[CNI_ADDRESS_TEXT_SIZE]) {
  struct json value;
  unsigned char address[CNI_ADDRESS_SIZE];
  if (json_get(root, key, &value) == JSON_MISSING) return true;
  return copy(root, key, text, CNI_ADDRESS_TEXT_SIZE) && inet_pton(cni_address_domain(family), text, address) == 1;
}

/* Absent: it has none. */
static bool read_ports(struct json root, struct cni_attachment *attachment) {
  struct cni_failure failure;
  struct json value;
  enum json_found found = json_get(root, "ports", &value);
  if (found != JSON_FOUND) return found == JSON_MISSING;
  return cni_ports_read(&attachment->ports, value, &failure) && read_address(root, "address", CNI_IPV4, attachment->address) &&
         read_address(root, "address6", CNI_IPV6, attachment->address6) &&
         cni_ports_fit(&attachment->ports, attachment->address[0] != '\0', attachment->address6[0] != '\0', &failure);
}

bool cni_attachment_parse(struct cni_attachment *attachment, const char *text, size_t length) {
  struct json root;
  *attachment = (struct cni_attachment){.delivery = CNI_DELIVERY_NONE};
  return json_parse(text, length, &root) && root.type == JSON_OBJECT &&
         copy(root, "network", attachment->network, sizeof attachment->network) && cni_is_name(attachment->network) &&
         copy(root, "containerId", attachment->container_id, sizeof attachment->container_id) && cni_is_name(attachment->container_id) &&
         copy(root, "ifname", attachment->ifname, sizeof attachment->ifname) && cni_is_ifname(attachment->ifname) &&
         copy(root, "target", attachment->target, sizeof attachment->target) && attachment->target[0] == '/' &&
         copy(root, "lease", attachment->lease, sizeof attachment->lease) && copy(root, "mac", attachment->mac, sizeof attachment->mac) &&
         read_delivery(root, &attachment->delivery) &&
         read_number(root, "targetInode", &attachment->target_inode) && read_number(root, "netnsInode", &attachment->netns_inode) &&
         read_ports(root, attachment);
}

bool cni_attachment_read(const struct cni_attachments *attachments, const char *key, struct cni_attachment *attachment) {
  char text[ATTACHMENT_MAX];
  int fd = openat(attachments->fd, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text);
  close(fd);
  return length > 0 && cni_attachment_parse(attachment, text, (size_t)length);
}

void cni_attachment_remove(const struct cni_attachments *attachments, const char *key) { unlinkat(attachments->fd, key, 0); }
