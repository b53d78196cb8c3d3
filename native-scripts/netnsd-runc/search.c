#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "runtime.h"
#include "settings.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* Compared by inode, since a copy of the name (runc -> netnsd-runc) would have us execute ourselves for ever. */
static bool is_self(const struct stat *status) {
  struct stat self;
  return stat("/proc/self/exe", &self) == 0 && self.st_dev == status->st_dev && self.st_ino == status->st_ino;
}

static bool is_runtime(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0 && !is_self(&status);
}

static bool find_on_path(const char *name, char path[PATH_MAX]) {
  const char *directories = getenv("PATH");
  if (directories == NULL || directories[0] == '\0') directories = default_path;
  while (*directories != '\0') {
    size_t length = strcspn(directories, ":");
    /* Relative directories are passed over: the working directory is the bundle, which is the container's. */
    int written = directories[0] == '/' ? snprintf(path, PATH_MAX, "%.*s/%s", (int)length, directories, name) : -1;
    if (written > 0 && written < PATH_MAX && is_runtime(path)) return true;
    directories += length + (directories[length] == ':');
  }
  return false;
}

static bool check_configured(const char *configured, char path[PATH_MAX]) {
  struct stat status;
  memcpy(path, configured, strlen(configured) + 1);
  if (is_runtime(path)) return true;
  if (stat(path, &status) == 0 && is_self(&status)) {
    report_error("the configured runtime %s is netnsd-runc itself: set runtime to the real one", path);
  } else {
    report_error("the configured runtime %s cannot be executed: %s", path, strerror(errno == 0 ? EACCES : errno));
  }
  return false;
}

bool runtime_find(const char *configured, char path[PATH_MAX]) {
  if (runtime_is_loop()) {
    report_error("the runtime that was found is another copy of netnsd-runc: set runtime in " SETTINGS_FILE " to the real one's path");
    return false;
  }
  errno = 0;
  if (strlen(configured) >= PATH_MAX) return false;
  if (strchr(configured, '/') != NULL) return check_configured(configured, path);
  if (configured[0] != '\0') {
    if (find_on_path(configured, path)) return true;
    report_error("the configured runtime %s is not on PATH: install it or set runtime to its path", configured);
    return false;
  }
  if (find_on_path("runc", path) || find_on_path("crun", path)) return true;
  report_error("no OCI runtime found: install runc or crun, or set runtime in " SETTINGS_FILE);
  return false;
}
