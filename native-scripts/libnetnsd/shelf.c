#include "shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "names.h"
#include "text.h"

/* linux/fs.h, whose other contents do not get along with every libc. */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* 32-bit FNV-1a. */
static uint32_t hash(const char *string) {
  uint32_t value = 0x811c9dc5;
  for (; *string != '\0'; string++) value = (value ^ (unsigned char)*string) * 0x01000193;
  return value;
}

/* The daemon refuses roots that are relative, too long, or no text: it shall say so itself. */
static bool is_usual_root(const char *root) {
  size_t length = strlen(root);
  if (root[0] != '/' || length > PATH_MAX) return false;
  for (const char *at = root; at < root + length;) {
    size_t step = utf8_length(at, root + length);
    if (step == 0) return false;
    at += step;
  }
  return true;
}

bool shelf_key(char key[SHELF_KEY_MAX + 1], const char *id, const char *root) {
  bool rooted = root[0] != '\0';
  if (id == NULL || !is_container_id(id) || id[0] == '.') return false;
  if (rooted && !is_usual_root(root)) return false;
  char suffix[16] = "";
  if (rooted) snprintf(suffix, sizeof suffix, "@%08x", (unsigned)hash(root));
  int length = snprintf(key, SHELF_KEY_MAX + 1, "%s%s", id, suffix);
  return length > 0 && length <= SHELF_KEY_MAX;
}

bool shelf_key_of(char key[SHELF_KEY_MAX + 1], const char *name) {
  static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+.@-";
  size_t length = strlen(name);
  if (length == 0 || length > SHELF_KEY_MAX || strchr(".@-", name[0]) != NULL || name[strspn(name, letters)] != '\0') return false;
  memcpy(key, name, length + 1);
  return true;
}

/* Who may write there chooses which namespace a container gets. */
static bool is_ours_alone(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool shelf_open(struct shelf *shelf, const char *socket_path) {
  char path[PATH_MAX + 16];
  const char *slash = strrchr(socket_path, '/');
  int folder_length = slash == NULL ? 0 : (int)(slash + 1 - socket_path);
  snprintf(path, sizeof path, "%.*sshelf", folder_length, socket_path);
  shelf->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (shelf->fd < 0) return false;
  if (is_ours_alone(shelf->fd)) return true;
  shelf_close(shelf);
  return false;
}

void shelf_close(struct shelf *shelf) {
  close(shelf->fd);
  shelf->fd = -1;
}

void shelf_entry(const struct shelf *shelf, const char *folder, char path[SHELF_ENTRY_SIZE]) {
  snprintf(path, SHELF_ENTRY_SIZE, "%s/%s", folder, shelf->key);
}

/* By its number, since musl has no function for it. */
bool shelf_rename(int from_folder, const char *from, int to_folder, const char *to) {
  return syscall(SYS_renameat2, from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0;
}

bool shelf_has(const struct shelf *shelf, const char *folder) {
  char path[SHELF_ENTRY_SIZE];
  struct stat status;
  shelf_entry(shelf, folder, path);
  return fstatat(shelf->fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* containerd has a container deleted twice. The daemon marks the containers that hold anything, and the marks outlive it. */
bool shelf_holds_nothing(const struct shelf *shelf) {
  if (shelf_has(shelf, "taken") || shelf_has(shelf, "standing") || shelf_has(shelf, "several")) return false;
  return shelf_has(shelf, "returned") || !shelf_has(shelf, "holders");
}

bool shelf_give_back(const struct shelf *shelf) {
  char taken[SHELF_ENTRY_SIZE];
  char standing[SHELF_ENTRY_SIZE];
  char returned[SHELF_ENTRY_SIZE];
  /* What else it holds is for the daemon to release with it. */
  if (shelf_has(shelf, "several")) return false;
  shelf_entry(shelf, "taken", taken);
  shelf_entry(shelf, "standing", standing);
  shelf_entry(shelf, "returned", returned);
  /* In the order in which the daemon moves it, so that it cannot pass by unseen. */
  return shelf_rename(shelf->fd, taken, shelf->fd, returned) || shelf_rename(shelf->fd, standing, shelf->fd, returned);
}
