#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* Adds the parts of `path` to an absolute path without a slash at its end (the root is empty). */
static bool append(char resolved[PATH_MAX], size_t *length, const char *path) {
  while (*path != '\0') {
    size_t part = strcspn(path, "/");
    bool here = part == 0 || (part == 1 && path[0] == '.');
    bool up = part == 2 && path[0] == '.' && path[1] == '.';
    if (up) {
      while (*length > 0 && resolved[--*length] != '/') continue;
    } else if (!here) {
      if (part + 2 > PATH_MAX - *length) return false;
      resolved[(*length)++] = '/';
      memcpy(resolved + *length, path, part);
      *length += part;
    }
    path += part + (path[part] == '/');
  }
  return true;
}

bool resolve_path(char resolved[PATH_MAX], const char *path) {
  size_t length = 0;
  char here[PATH_MAX] = "";
  if (path[0] != '/' && (getcwd(here, sizeof here) == NULL || here[0] != '/')) return false;
  if (!append(resolved, &length, here) || !append(resolved, &length, path)) return false;
  if (length == 0) resolved[length++] = '/';
  resolved[length] = '\0';
  return true;
}

static const char *set_variable(const char *name) {
  const char *value = getenv(name);
  return value == NULL || value[0] == '\0' ? NULL : value;
}

bool find_socket(char path[PATH_MAX], const char *option) {
  char state[PATH_MAX];
  char named[PATH_MAX + sizeof "/netnsd.sock"];
  const char *set = option != NULL && option[0] != '\0' ? option : set_variable("NETNSD_SOCKET");
  const char *folder = set_variable("NETNSD_STATE_DIR");
  if (set == NULL) {
    if (!resolve_path(state, folder == NULL ? "/run/netnsd" : folder)) return false;
    snprintf(named, sizeof named, "%s/netnsd.sock", state);
    set = named;
  }
  return resolve_path(path, set) && strlen(path) < sizeof((struct sockaddr_un *)0)->sun_path;
}
