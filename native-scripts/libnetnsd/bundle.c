#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

/* Reads up to `size` bytes; -1 with errno on failure. */
static ssize_t read_all(int fd, char *bytes, size_t size) {
  size_t length = 0;
  while (length < size) {
    ssize_t count = read(fd, bytes + length, size - length);
    if (count == 0) break;
    if (count > 0) length += (size_t)count;
    if (count < 0 && errno != EINTR) return -1;
  }
  return (ssize_t)length;
}

static bool read_spec(int fd, size_t size, const char *path, struct bundle *bundle) {
  /* One byte more, so that a file that grew is noticed. */
  char *text = malloc(size + 1);
  ssize_t length = text == NULL ? -1 : read_all(fd, text, size + 1);
  const char *why = NULL;
  if (length < 0) {
    report_error("cannot read %s: %s", path, strerror(errno));
  } else if ((size_t)length > size) {
    report_error("cannot read %s: it grows while it is read", path);
  } else {
    bundle->kind = spec_read(text, (size_t)length, &why);
    if (bundle->kind == SPEC_INVALID) report_error("cannot use %s: %s", path, why);
  }
  bundle->text = text;
  bundle->length = length < 0 ? 0 : (size_t)length;
  return length >= 0 && (size_t)length <= size && bundle->kind != SPEC_INVALID;
}

static bool open_spec(const char *path, struct bundle *bundle) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat *status = &bundle->status;
  if (fd < 0 || fstat(fd, status) < 0) {
    report_error("cannot read %s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return false;
  }
  bool done = false;
  if (!S_ISREG(status->st_mode)) {
    report_error("cannot use %s: it is not a regular file", path);
  } else if (status->st_size > SPEC_BYTES_MAX) {
    report_error("cannot use %s: it is larger than %d MiB", path, SPEC_BYTES_MAX / 1024 / 1024);
  } else {
    done = read_spec(fd, (size_t)status->st_size, path, bundle);
  }
  close(fd);
  return done;
}

static bool is_link(const char *path) {
  /* A slash at the end would make lstat follow the link. */
  char bare[PATH_MAX];
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  if (length >= sizeof bare) return false;
  memcpy(bare, path, length);
  bare[length] = '\0';
  struct stat status;
  return lstat(bare, &status) == 0 && S_ISLNK(status.st_mode);
}

static bool same_file(const char *one, const char *other) {
  struct stat a;
  struct stat b;
  return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool bundle_read(struct bundle *bundle, const char *directory, const char *config) {
  if (directory == NULL || directory[0] == '\0') directory = ".";
  if (realpath(directory, bundle->path) == NULL) {
    report_error("cannot use the bundle %s: %s", directory, strerror(errno));
    return false;
  }
  char own[PATH_MAX + 16];
  snprintf(own, sizeof own, "%s/config.json", strcmp(bundle->path, "/") == 0 ? "" : bundle->path);
  bool elsewhere = config != NULL && strcmp(config, "config.json") != 0 && !same_file(config, own);
  bundle->kind = SPEC_INVALID;
  bundle->unpatchable = NULL;
  if (!open_spec(elsewhere ? config : own, bundle)) return false;
  if (is_link(directory)) bundle->unpatchable = "the bundle is a symbolic link: name the directory itself";
  if (is_link(own)) bundle->unpatchable = "its config.json is a symbolic link: put the file itself there";
  if (elsewhere) bundle->unpatchable = "its spec is not the bundle's own config.json (--config), which is all that netnsd writes to";
  return true;
}
