#include "pin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "failure.h"

/* include/uapi/linux/magic.h, which comes with no C library. */
#define NSFS_MAGIC 0x6e736673

bool is_pinned(void) {
  struct statfs file_system;
  return statfs(PIN, &file_system) == 0 && file_system.f_type == NSFS_MAGIC;
}

void unprepare_pin(void) {
  while (umount2(VAULT_FOLDER, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) continue;
}

void prepare_pin(void) {
  unprepare_pin();
  if (mkdir(VAULT_FOLDER, 0700) != 0 && errno != EEXIST) fail("make the folder " VAULT_FOLDER);
  struct stat folder;
  if (lstat(VAULT_FOLDER, &folder) != 0) fail("look at " VAULT_FOLDER);
  errno = ENOTDIR;
  if (!S_ISDIR(folder.st_mode)) fail("use " VAULT_FOLDER);
  if (mount(VAULT_FOLDER, VAULT_FOLDER, NULL, MS_BIND, NULL) != 0) fail("mount " VAULT_FOLDER);
  if (mount(NULL, VAULT_FOLDER, NULL, MS_PRIVATE, NULL) != 0) fail("make the mount " VAULT_FOLDER " private");
  int file = open(PIN, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0400);
  if (file < 0) fail("make the file " PIN);
  close(file);
}

bool pin_namespace_of(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
  if (mount(path, PIN, NULL, MS_BIND, NULL) == 0) return true;
  if (errno != EINVAL) fail("pin the mount namespace");
  return false;
}

void remove_pin(void) {
  while (umount2(PIN, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) continue;
  unprepare_pin();
  if (unlink(PIN) != 0 && errno != ENOENT && errno != ENOTDIR) fail("remove " PIN);
  if (rmdir(VAULT_FOLDER) != 0 && errno != ENOENT) fail("remove " VAULT_FOLDER);
}
