#include "spec.h"

#include "json.h"

static enum spec_kind invalid(const char **why, const char *reason) {
  *why = reason;
  return SPEC_INVALID;
}

/* The network entry of linux.namespaces: 0 none, 1 one, -1 it is malformed. `*user`: there is a user namespace too. */
static int find_network(struct json namespaces, struct json *network, bool *user) {
  int count = 0;
  const char *position = NULL;
  struct json entry;
  while (json_next(namespaces, &position, NULL, &entry)) {
    struct json type;
    if (entry.type != JSON_OBJECT) return -1;
    if (json_get(entry, "type", &type) != JSON_FOUND || type.type != JSON_STRING) return -1;
    *user = *user || json_is(type, "user");
    if (!json_is(type, "network")) continue;
    if (++count > 1) return -1;
    *network = entry;
  }
  return count;
}

static enum spec_kind read_namespaces(struct json root, const char **why) {
  struct json linux_part;
  enum json_found found = json_get(root, "linux", &linux_part);
  if (found == JSON_MISSING) return SPEC_HOST_NETWORK;
  if (found == JSON_TWICE || linux_part.type != JSON_OBJECT) return invalid(why, "\"linux\" is not one object");
  struct json namespaces;
  found = json_get(linux_part, "namespaces", &namespaces);
  if (found == JSON_MISSING) return SPEC_HOST_NETWORK;
  if (found == JSON_TWICE || namespaces.type != JSON_ARRAY) return invalid(why, "\"linux.namespaces\" is not one list");
  struct json network;
  bool user = false;
  int count = find_network(namespaces, &network, &user);
  if (count < 0) return invalid(why, "\"linux.namespaces\" has a malformed or doubled entry");
  if (count == 0) return SPEC_HOST_NETWORK;
  struct json path;
  found = json_get(network, "path", &path);
  if (found == JSON_TWICE || (found == JSON_FOUND && path.type != JSON_STRING))
    return invalid(why, "the path of the network namespace is not one string");
  if (found == JSON_FOUND && !json_is(path, "")) return SPEC_PATH_SET;
  return user ? SPEC_USER_NAMESPACE : SPEC_WANTS_ENDPOINT;
}

enum spec_kind spec_read(const char *text, size_t length, const char **why) {
  struct json root;
  if (!json_parse(text, length, &root)) return invalid(why, "it is not valid JSON");
  if (root.type != JSON_OBJECT) return invalid(why, "it is not a JSON object");
  enum spec_kind kind = read_namespaces(root, why);
  if (kind == SPEC_HOST_NETWORK || kind == SPEC_INVALID) return kind;
  struct json annotations;
  enum json_found found = json_get(root, "annotations", &annotations);
  if (found == JSON_MISSING) return kind;
  if (found == JSON_TWICE || annotations.type != JSON_OBJECT) return invalid(why, "\"annotations\" is not one object");
  struct json value;
  if (kind == SPEC_PATH_SET) return json_get(annotations, ANNOTATION_LEASE, &value) == JSON_MISSING ? kind : SPEC_PATCHED_BEFORE;
  found = json_get(annotations, ANNOTATION_SKIP, &value);
  if (found == JSON_TWICE) return invalid(why, "the annotation " ANNOTATION_SKIP " stands there twice");
  return found == JSON_FOUND && (json_is(value, "true") || json_is(value, "1")) ? SPEC_SKIPPED : kind;
}
