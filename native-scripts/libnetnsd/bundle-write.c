#include "bundle-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "new-file.h"

static const char spec_file[] = "config.json";

/* The mode first: once the file is another user's, changing it would take a capability more. */
static bool fill(int fd, const struct stat *original, struct spec_edit *edit) {
  struct stat status;
  if (!write_pieces(fd, edit->pieces, edit->count) || fchmod(fd, original->st_mode & 0777) < 0 || fstat(fd, &status) < 0) return false;
  bool same_owner = status.st_uid == original->st_uid && status.st_gid == original->st_gid;
  return same_owner || fchown(fd, original->st_uid, original->st_gid) == 0;
}

static bool is_unchanged(int folder, const struct stat *original) {
  struct stat status;
  return fstatat(folder, spec_file, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_dev == original->st_dev &&
         status.st_ino == original->st_ino && status.st_size == original->st_size && status.st_mtim.tv_sec == original->st_mtim.tv_sec &&
         status.st_mtim.tv_nsec == original->st_mtim.tv_nsec;
}

static enum bundle_written replace(int folder, const char *temporary, const struct bundle *bundle, struct spec_edit *edit) {
  int fd = new_file_at(folder, temporary);
  if (fd < 0) return BUNDLE_FAILED;
  bool filled = fill(fd, &bundle->status, edit);
  int error = errno;
  close(fd);
  bool unchanged = filled && is_unchanged(folder, &bundle->status);
  if (unchanged && renameat(folder, temporary, folder, spec_file) == 0) return BUNDLE_WRITTEN;
  if (unchanged) error = errno;
  unlinkat(folder, temporary, 0);
  errno = error;
  return filled && !unchanged ? BUNDLE_CHANGED : BUNDLE_FAILED;
}

enum bundle_written bundle_write(const struct bundle *bundle, struct spec_edit *edit) {
  char digits[RANDOM_HEX_SIZE];
  char temporary[96];
  if (!random_hex(digits)) return BUNDLE_FAILED;
  snprintf(temporary, sizeof temporary, ".config.json.netnsd-%ld-%s", (long)getpid(), digits);
  int folder = open(bundle->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return BUNDLE_FAILED;
  enum bundle_written written = replace(folder, temporary, bundle, edit);
  int error = errno;
  close(folder);
  errno = error;
  return written;
}
