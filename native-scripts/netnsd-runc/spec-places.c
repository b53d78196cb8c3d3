#include "spec-places.h"

#include <string.h>

#include "spec.h"
#include "text.h"

/* Members whose names the daemon folds as Go does (U+017F is an s) must be plain ASCII here, so that json_get sees all of them. */
static bool has_plain_keys(struct json object) {
  if (object.type != JSON_OBJECT) return false;
  const char *position = NULL;
  struct json key;
  struct json value;
  while (json_next(object, &position, &key, &value))
    for (const char *at = key.start; at < key.end; at++)
      if (*at == '\\' || (unsigned char)*at >= 0x80) return false;
  return true;
}

/* json_get takes a null for a member that is missing; where it stands nothing can be added. */
static bool has_member(struct json object, const char *name) {
  const char *position = NULL;
  struct json key;
  struct json value;
  while (json_next(object, &position, &key, &value))
    if (json_is_named(key, name)) return true;
  return false;
}

static bool is_utf8(const char *text, size_t length) {
  const char *end = text + length;
  while (text < end) {
    size_t step = utf8_length(text, end);
    if (step == 0) return false;
    text += step;
  }
  return true;
}

/* gapBefore in object-edit.ts. */
static struct slice gap_before(const char *text, const char *key) {
  const char *begin = key;
  while (begin > text && (begin[-1] == ' ' || begin[-1] == '\t')) begin--;
  if (begin > text && begin[-1] == '\n') begin -= begin - text > 1 && begin[-2] == '\r' ? 2 : 1;
  return (struct slice){.start = begin, .length = (size_t)(key - begin)};
}

/* False if the object is empty: how a member would look there is the daemon's to say. */
static bool find_place(struct place *place, const char *text, struct json object) {
  const char *position = NULL;
  struct json key = {.start = NULL};
  struct json value = {.start = NULL};
  struct json next_key;
  struct json next;
  while (json_next(object, &position, &next_key, &next)) {
    key = next_key;
    value = next;
  }
  if (key.start == NULL) return false;
  place->behind = value.end;
  place->gap = gap_before(text, key.start);
  place->colon = (struct slice){.start = key.end, .length = (size_t)(value.start - key.end)};
  return place->gap.length <= PLACE_SLICE_MAX && place->colon.length <= PLACE_SLICE_MAX;
}

/* JavaScript's: also U+2028 and U+2029, which may stand within a JSON string. */
static bool begins_line(const char *text, const char *at) {
  if (at == text || at[-1] == '\n' || at[-1] == '\r') return true;
  return at - text >= 3 && at[-3] == '\xe2' && at[-2] == '\x80' && (at[-1] == '\xa8' || at[-1] == '\xa9');
}

/* indentationUnit in object-edit.ts: the blanks of the first line that begins with some and then a quote. */
static struct slice find_unit(const char *text, size_t length) {
  const char *end = text + length;
  for (const char *at = text; at < end; at++) {
    if ((*at != ' ' && *at != '\t') || !begins_line(text, at)) continue;
    const char *start = at;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    if (at < end && *at == '"') return (struct slice){.start = start, .length = (size_t)(at - start)};
    /* What stopped it may be a line break. */
    at--;
  }
  return (struct slice){.start = text, .length = 0};
}

static bool find_network(struct spec_places *places, struct json root) {
  struct json linux_part;
  struct json namespaces;
  struct json entry;
  const char *position = NULL;
  int count = 0;
  if (json_get(root, "linux", &linux_part) != JSON_FOUND || !has_plain_keys(linux_part)) return false;
  if (json_get(linux_part, "namespaces", &namespaces) != JSON_FOUND || namespaces.type != JSON_ARRAY) return false;
  while (json_next(namespaces, &position, NULL, &entry)) {
    struct json type;
    struct json path;
    if (!has_plain_keys(entry) || json_get(entry, "type", &type) != JSON_FOUND || type.type != JSON_STRING) return false;
    enum json_found found = json_get(entry, "path", &path);
    bool is_network = json_is(type, "network");
    if (found == JSON_TWICE || (found == JSON_FOUND && path.type != JSON_STRING)) return false;
    if (has_member(entry, "path") && (is_network || found == JSON_MISSING)) return false;
    if (is_network && (++count > 1 || !find_place(&places->network, places->text, entry))) return false;
  }
  return count == 1;
}

/* `/dns/` and a lease: what an earlier patch mounted, which the daemon takes out. Slashes may be written as escapes. */
static bool may_be_ours(struct json mount) {
  const char *at = mount.start;
  size_t length = (size_t)(mount.end - mount.start);
  if (memmem(at, length, "\\u", 2) != NULL || memmem(at, length, "\\/", 2) != NULL) return true;
  while ((at = memmem(at, (size_t)(mount.end - at), "/dns/", 5)) != NULL) {
    at += 5;
    size_t digits = 0;
    while (at + digits < mount.end && strchr("0123456789abcdef", at[digits]) != NULL) digits++;
    if (digits == 16) return true;
  }
  return false;
}

static bool has_usual_mounts(struct json root) {
  struct json mounts;
  struct json mount;
  const char *position = NULL;
  if (!has_member(root, "mounts")) return true;
  if (json_get(root, "mounts", &mounts) != JSON_FOUND || mounts.type != JSON_ARRAY) return false;
  while (json_next(mounts, &position, NULL, &mount))
    if (mount.type != JSON_OBJECT || may_be_ours(mount)) return false;
  return true;
}

static bool find_holder(struct spec_places *places, struct json root) {
  places->annotations = (struct json){.type = JSON_NULL};
  if (!has_member(root, "annotations")) return find_place(&places->holder, places->text, root);
  struct json annotations;
  if (json_get(root, "annotations", &annotations) != JSON_FOUND || annotations.type != JSON_OBJECT) return false;
  /* Resolver files are made by the daemon, and mounts for them. */
  if (has_member(annotations, ANNOTATION_LEASE) || has_member(annotations, ANNOTATION_ADDRESS)) return false;
  if (has_member(annotations, ANNOTATION_DNS)) return false;
  const char *position = NULL;
  struct json value;
  while (json_next(annotations, &position, NULL, &value))
    if (value.type != JSON_STRING) return false;
  places->annotations = annotations;
  return find_place(&places->holder, places->text, annotations);
}

bool spec_places_find(struct spec_places *places, const char *text, size_t length) {
  struct json root;
  places->text = text;
  places->length = length;
  if (!is_utf8(text, length) || !json_parse(text, length, &root) || root.type != JSON_OBJECT || !has_plain_keys(root)) return false;
  if (!find_network(places, root) || !find_holder(places, root) || !has_usual_mounts(root)) return false;
  places->unit = find_unit(text, length);
  return places->unit.length <= PLACE_SLICE_MAX;
}
