#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* linux/nsfs.h and linux/magic.h */
enum { GET_USER_NAMESPACE = _IO(0xb7, 1), GET_TYPE = _IO(0xb7, 3) };
#define NSFS_MAGIC_NUMBER 0x6e736673

/* The mount that a descriptor came by: mnt_id of proc_pid_fdinfo(5); -1: unknown. */
static long mount_of(int fd) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
  int info = open(path, O_RDONLY | O_CLOEXEC);
  if (info < 0) return -1;
  ssize_t length = read(info, text, sizeof text - 1);
  close(info);
  text[length < 0 ? 0 : length] = '\0';
  const char *line = strstr(text, "mnt_id:");
  return line == NULL ? -1 : strtol(line + strlen("mnt_id:"), NULL, 10);
}

/* Where the kernel says that it is: `net:[...]` for one that is not mounted, a path of another mount namespace for one that is mounted there. */
static bool find_mount(int fd, char mounted[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, mounted, PATH_MAX - 1);
  mounted[length < 0 ? 0 : length] = '\0';
  if (mounted[0] != '/' || strncmp(mounted, "/proc/", 6) == 0) return false;
  int again = open(mounted, O_PATH | O_CLOEXEC);
  if (again < 0) return false;
  long mount = mount_of(fd);
  bool same = mount >= 0 && mount == mount_of(again);
  close(again);
  return same;
}

static bool is_nsfs(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) == 0 && status.f_type == NSFS_MAGIC_NUMBER;
}

/* A descriptor that only stands for the path: a FIFO or a device is not opened by that. */
static int open_place(const char *path, struct cni_failure *failure) {
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd >= 0 && is_nsfs(fd)) return fd;
  if (fd >= 0)
    cni_fail(failure, CNI_INVALID_ENVIRONMENT, "%s is no network namespace", path);
  else if (errno == ENOENT || errno == ESRCH)
    cni_fail(failure, CNI_UNKNOWN_CONTAINER, "the network namespace %s does not exist", path);
  else
    cni_fail_errno(failure, CNI_INVALID_ENVIRONMENT, "the network namespace %s cannot be opened", path);
  if (fd >= 0) close(fd);
  return -1;
}

bool cni_target_open(struct cni_target *target, const char *path, struct cni_failure *failure) {
  char link[64];
  struct stat status;
  int place = open_place(path, failure);
  if (place < 0) return false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", place);
  target->fd = open(link, O_RDONLY | O_CLOEXEC);
  if (!find_mount(place, target->mounted)) target->mounted[0] = '\0';
  close(place);
  if (target->fd < 0) return cni_fail_errno(failure, CNI_INVALID_ENVIRONMENT, "the network namespace %s cannot be opened", path);
  if (ioctl(target->fd, GET_TYPE) == CLONE_NEWNET && fstat(target->fd, &status) == 0) {
    target->inode = status.st_ino;
    return true;
  }
  cni_target_close(target);
  return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "%s is a namespace, but none of the network", path);
}

void cni_target_close(struct cni_target *target) {
  close(target->fd);
  target->fd = -1;
}

uint64_t cni_netns_inode(const char *path) {
  struct stat status;
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return 0;
  bool known = is_nsfs(fd) && fstat(fd, &status) == 0;
  close(fd);
  return known ? status.st_ino : 0;
}

bool cni_target_is_of_our_user(const struct cni_target *target) {
  struct stat theirs;
  struct stat ours;
  int owner = ioctl(target->fd, GET_USER_NAMESPACE);
  if (owner < 0) return false;
  bool same = fstat(owner, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 && theirs.st_ino == ours.st_ino;
  close(owner);
  return same;
}
