#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"
#include "pin.h"

static void make_folder(const char *path) {
  if (mkdir(path, 0755) != 0) fail("make the folder %s of the vault", path);
}

static void write_identity(const char *state_directory) {
  int file = open(IDENTITY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (file < 0 || dprintf(file, "%s\n", state_directory) < 0) fail("write " IDENTITY);
  close(file);
}

/* In a user namespace that does not own the PID namespace, only the /proc that is there can be had (mount_namespaces(7)): its mounts are
 * locked together, so those below it come along. */
static void mount_proc(void) {
  if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0) return;
  if (errno != EPERM || mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL) != 0) fail("mount /proc");
}

/* pivot_root(2) with one folder for both roots: the old one is then mounted over the new one, and goes with all that is in it. */
static void exchange_root(void) {
  if (syscall(SYS_pivot_root, ".", ".") != 0) fail("exchange the root by pivot_root(2) (not possible in a chroot or on an initial RAM disk)");
  if (umount2(".", MNT_DETACH) != 0) fail("unmount the old root");
  if (chdir("/") != 0) fail("enter the vault's root");
}

void make_namespace(const char *state_directory) {
  if (unshare(CLONE_NEWNS) != 0) fail("make a mount namespace");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail("make the mounts private");
  /* An inode for each namespace and one for each lease: more than tmpfs takes unless it is told that there is no limit. */
  if (mount("netnsd-vault", VAULT_FOLDER, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,nr_inodes=0") != 0) fail("mount a tmpfs");
  if (chdir(VAULT_FOLDER) != 0) fail("enter the tmpfs");
  make_folder("ns");
  make_folder("netns");
  make_folder("proc");
  mount_proc();
  exchange_root();
  write_identity(state_directory);
}

void enter_namespace(const char *state_directory) {
  int pin = open(PIN, O_RDONLY | O_CLOEXEC);
  if (pin < 0) fail("open " PIN);
  if (setns(pin, CLONE_NEWNS) != 0) fail("enter the mount namespace that is pinned at " PIN);
  close(pin);
  char identity[4096] = "";
  int file = open(IDENTITY, O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? 0 : read(file, identity, sizeof identity - 1);
  size_t wanted = strlen(state_directory);
  errno = EXDEV;
  if (length != (ssize_t)wanted + 1 || strncmp(identity, state_directory, wanted) != 0)
    fail("use the mount namespace that is pinned at %s/" PIN ", which is not this state directory's: unmount it", state_directory);
  close(file);
}
