#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"
#include "publish.h"

static bool is_named(struct json object, const char *key, const char *text) {
  struct json value;
  return json_get(object, key, &value) == JSON_FOUND && json_is(value, text);
}

static bool is_valid(struct json list, const struct cni_attachment *attachment) {
  struct json entry;
  const char *position = NULL;
  while (json_next(list, &position, NULL, &entry))
    if (is_named(entry, "containerID", attachment->container_id) && is_named(entry, "ifname", attachment->ifname)) return true;
  return false;
}

/* An entry that says neither could mean any attachment: then none is ended. */
static bool check_list(struct json list, struct cni_failure *failure) {
  struct json entry;
  struct json value;
  const char *position = NULL;
  while (json_next(list, &position, NULL, &entry)) {
    bool complete = json_get(entry, "containerID", &value) == JSON_FOUND && value.type == JSON_STRING &&
                    json_get(entry, "ifname", &value) == JSON_FOUND && value.type == JSON_STRING;
    if (!complete)
      return cni_fail(failure, CNI_INVALID_CONFIGURATION, "an entry of \"cni.dev/valid-attachments\" lacks containerID or ifname");
  }
  return true;
}

static bool collect(struct cni_attachments *attachments, const struct cni_configuration *configuration,
                    struct cni_failure *failure) {
  static struct cni_attachment attachment;
  int fd = openat(attachments->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  bool done = true;
  if (folder == NULL) {
    if (fd >= 0) close(fd);
    return cni_fail_errno(failure, CNI_IO_FAILURE, "the attachments cannot be listed");
  }
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    struct cni_failure one;
    if (entry->d_name[0] == '.' || !cni_attachment_read(attachments, entry->d_name, &attachment)) continue;
    if (strcmp(attachment.network, configuration->name) != 0 || is_valid(configuration->valid_attachments, &attachment)) continue;
    if (cni_detach(attachments, configuration->socket, entry->d_name, &one)) continue;
    if (done) *failure = one;
    done = false;
  }
  closedir(folder);
  return done;
}

bool cni_collect(const struct cni_configuration *configuration, struct cni_failure *failure) {
  struct cni_attachments attachments;
  if (!check_list(configuration->valid_attachments, failure)) return false;
  if (!cni_attachments_open(&attachments, configuration->socket, false, failure)) return failure->code == 0;
  /* While this process is in the host's network namespace, which a graft's end takes it out of. What needs it says so itself. */
  cni_publish_open(&attachments, configuration->socket, failure);
  bool done = collect(&attachments, configuration, failure);
  cni_attachments_close(&attachments);
  return done;
}
