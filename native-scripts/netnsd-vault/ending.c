#include "ending.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "namespace.h"
#include "pin.h"
#include "resident.h"

enum { ROUNDS = 2000 }; /* of a millisecond each */

/* Whether the file `/proc/PID/NAME` holds just `text` and a newline. */
static bool says(pid_t pid, const char *name, const char *text) {
  char path[128], content[4200];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return false;
  ssize_t length = read(file, content, sizeof content);
  close(file);
  size_t wanted = strlen(text);
  return length == (ssize_t)wanted + 1 && memcmp(content, text, wanted) == 0;
}

/* Whether it keeps the link of the state directory that is the working directory, or of one that was removed. Another one may have the same
 * path, in another mount namespace. */
static bool keeps_link_here(pid_t pid) {
  char path[64];
  struct stat here, kept;
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, STATE_FD);
  if (stat(path, &kept) != 0 || stat(".", &here) != 0) return false;
  return kept.st_nlink == 0 || (here.st_dev == kept.st_dev && here.st_ino == kept.st_ino);
}

static bool is_resident(pid_t pid, const struct stat *pin, const char *state_directory) {
  if (!says(pid, "comm", "netnsd-vault")) return false;
  if (pin == NULL) return says(pid, "root" IDENTITY, state_directory) && keeps_link_here(pid);
  char path[64];
  struct stat namespace;
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
  return stat(path, &namespace) == 0 && namespace.st_dev == pin->st_dev && namespace.st_ino == pin->st_ino;
}

pid_t find_unpinned(const char *state_directory) {
  DIR *processes = opendir("/proc");
  if (processes == NULL) fail("list /proc");
  pid_t found = 0;
  for (struct dirent *entry; found == 0 && (entry = readdir(processes)) != NULL;) {
    pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atoi(entry->d_name) : 0;
    if (pid > 0 && pid != getpid() && is_resident(pid, NULL, state_directory)) found = pid;
  }
  closedir(processes);
  return found;
}

/* By process group, so that none is left to take the place of another. Returns how many were found. */
static int kill_residents(const struct stat *pin, const char *state_directory) {
  DIR *processes = opendir("/proc");
  if (processes == NULL) fail("list /proc");
  int found = 0;
  for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
    pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atoi(entry->d_name) : 0;
    if (pid <= 0 || pid == getpid() || !is_resident(pid, pin, state_directory)) continue;
    found++;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
  }
  closedir(processes);
  return found;
}

void end_residents(const char *state_directory) {
  struct stat pinned;
  const struct stat *pin = is_pinned() && stat(PIN, &pinned) == 0 ? &pinned : NULL;
  for (int round = 0; kill_residents(pin, state_directory) > 0; round++) {
    errno = EBUSY;
    if (round == ROUNDS) fail("end the processes of the vault");
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
}
