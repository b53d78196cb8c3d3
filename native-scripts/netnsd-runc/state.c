#include "arguments.h"
#include "hook.h"
#include "json.h"
#include "names.h"
#include "spec.h"

/* PID_MAX_LIMIT of 64-bit kernels. */
enum { PID_HIGHEST = 4194304 };

static bool copy_member(struct json object, const char *key, char *buffer, size_t size) {
  struct json value;
  enum json_found found = json_get(object, key, &value);
  buffer[0] = '\0';
  return found == JSON_MISSING || (found == JSON_FOUND && json_copy(value, buffer, size));
}

static bool read_annotations(struct hook_state *state, struct json root) {
  struct json annotations;
  struct json skip;
  enum json_found found = json_get(root, "annotations", &annotations);
  if (found == JSON_MISSING) return true;
  if (found == JSON_TWICE || annotations.type != JSON_OBJECT) return false;
  found = json_get(annotations, ANNOTATION_SKIP, &skip);
  state->skip = found == JSON_FOUND && (json_is(skip, "true") || json_is(skip, "1"));
  return found != JSON_TWICE && copy_member(annotations, ANNOTATION_POOL, state->pool, sizeof state->pool) &&
         copy_member(annotations, ANNOTATION_TENANT, state->tenant, sizeof state->tenant);
}

static const char *read_state(struct hook_state *state, struct json root) {
  struct json pid;
  enum json_found found = json_get(root, "pid", &pid);
  if (found == JSON_TWICE || (found == JSON_FOUND && !json_integer(pid, 0, PID_HIGHEST, &state->pid))) return "its pid is no process id";
  if (!copy_member(root, "id", state->id, sizeof state->id) || !is_container_id(state->id)) return "its id is no container's id";
  if (!copy_member(root, "bundle", state->bundle, sizeof state->bundle) || state->bundle[0] != '/')
    return "its bundle is no absolute path";
  return read_annotations(state, root) ? NULL : "its annotations for netnsd are malformed or too long";
}

bool hook_state_read(struct hook_state *state, const char *text, size_t length, const char **why) {
  struct json root;
  *state = (struct hook_state){.pid = 0};
  *why = "it is not valid JSON";
  if (!json_parse(text, length, &root)) return false;
  *why = root.type == JSON_OBJECT ? read_state(state, root) : "it is not a JSON object";
  return *why == NULL;
}
