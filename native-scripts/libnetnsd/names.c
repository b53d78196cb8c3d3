#include "names.h"

#include <string.h>

static bool consists_of(const char *name, const char *marks) {
  for (; *name != '\0'; name++) {
    bool alphanumeric = (*name >= '0' && *name <= '9') || (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z');
    if (!alphanumeric && strchr(marks, *name) == NULL) return false;
  }
  return true;
}

bool is_container_id(const char *id) {
  size_t length = strlen(id);
  if (length == 0 || length > 255 || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) return false;
  return consists_of(id, "_+.-");
}

bool is_plain_name(const char *name) { return name[0] != '\0' && name[0] != '.' && consists_of(name, "-_."); }
