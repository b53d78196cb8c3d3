#include "names.h"

#include <string.h>

static bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static bool consists_of(const char *name, const char *marks) {
  for (; *name != '\0'; name++)
    if (!is_alphanumeric(*name) && strchr(marks, *name) == NULL) return false;
  return true;
}

bool is_container_id(const char *id) {
  size_t length = strlen(id);
  if (length == 0 || length > 255 || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) return false;
  return consists_of(id, "_+.-");
}

bool is_tenant_name(const char *name) { return is_alphanumeric(name[0]) && strlen(name) <= 64 && consists_of(name, "_.:@-"); }

bool is_plain_name(const char *name) { return name[0] != '\0' && name[0] != '.' && consists_of(name, "-_."); }
