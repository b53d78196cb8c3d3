#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool read_start_ticks(long pid, uint64_t *ticks) {
  char path[64];
  char text[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return false;
  text[length] = '\0';
  /* The second field is the program's name in brackets, which may hold anything. */
  const char *at = strrchr(text, ')');
  for (int field = 2; at != NULL && field < 22; field++) {
    at = strchr(at, ' ');
    if (at != NULL) at++;
  }
  if (at == NULL || *at < '0' || *at > '9') return false;
  *ticks = strtoull(at, NULL, 10);
  return true;
}

/* Opens a folder of proc(5) below another one. NULL with errno. */
static DIR *open_folder(int parent, const char *name) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return NULL;
  DIR *folder = fdopendir(fd);
  if (folder == NULL) close(fd);
  return folder;
}

static bool is_number(const char *name) { return name[0] >= '0' && name[0] <= '9'; }

/* What ended meanwhile is not there; what shows no namespace (a zombie's thread) is nowhere. */
static bool is_process_inside(int proc, const char *pid, const char *wanted) {
  char path[512];
  char link[64];
  snprintf(path, sizeof path, "%s/task", pid);
  DIR *tasks = open_folder(proc, path);
  bool inside = false;
  for (struct dirent *task; tasks != NULL && !inside && (task = readdir(tasks)) != NULL;) {
    if (!is_number(task->d_name)) continue;
    snprintf(path, sizeof path, "%.32s/ns/net", task->d_name);
    ssize_t length = readlinkat(dirfd(tasks), path, link, sizeof link - 1);
    if (length <= 0) continue;
    link[length] = '\0';
    inside = strcmp(link, wanted) == 0;
  }
  if (tasks != NULL) closedir(tasks);
  return inside;
}

bool is_occupied(uint64_t netns_inode) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "net:[%llu]", (unsigned long long)netns_inode);
  DIR *proc = open_folder(AT_FDCWD, "/proc");
  if (proc == NULL) return true;
  bool inside = false;
  for (struct dirent *entry; !inside && (entry = readdir(proc)) != NULL;)
    if (is_number(entry->d_name)) inside = is_process_inside(dirfd(proc), entry->d_name, wanted);
  closedir(proc);
  return inside;
}
