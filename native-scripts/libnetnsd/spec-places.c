#include "spec-places.h"

#include <limits.h>
#include <string.h>

#include "spec.h"
#include "text.h"

enum { NAMES_MAX = 4 };

/* An object's members, as far as they matter: those of some names (`start` is NULL where there is none), and the last one. */
struct members {
  struct json named[NAMES_MAX];
  struct json last_key;
  struct json last;
};

/* Names that the daemon folds as Go does (U+017F is an s) could be hidden in others than these. */
static bool is_plain_key(struct json key) {
  for (const char *at = key.start; at < key.end; at++)
    if (*at == '\\' || (unsigned char)*at >= 0x80) return false;
  return true;
}

/* In one walk, since specs are long. False if the object is empty, or one of the names stands there twice or in other letters. */
static bool survey(struct members *members, struct json object, const char *const names[NAMES_MAX]) {
  const char *position = NULL;
  *members = (struct members){.last = {.start = NULL}};
  if (object.type != JSON_OBJECT) return false;
  while (json_next(object, &position, &members->last_key, &members->last)) {
    struct json key = members->last_key;
    if (!is_plain_key(key)) return false;
    for (size_t i = 0; i < NAMES_MAX && names[i] != NULL; i++) {
      if (!json_is_named(key, names[i])) continue;
      if (members->named[i].start != NULL || !json_is(key, names[i])) return false;
      members->named[i] = members->last;
    }
  }
  return members->last.start != NULL;
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

/* Behind this member, the last of its object. */
static bool find_place(struct place *place, const char *text, struct json key, struct json value) {
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

static bool find_network(struct spec_places *places, struct json linux_part) {
  static const char *const linux_names[NAMES_MAX] = {"namespaces"};
  static const char *const entry_names[NAMES_MAX] = {"type", "path"};
  struct members members;
  if (!survey(&members, linux_part, linux_names)) return false;
  struct json namespaces = members.named[0];
  struct json entry;
  const char *position = NULL;
  int count = 0;
  if (namespaces.start == NULL || namespaces.type != JSON_ARRAY) return false;
  while (json_next(namespaces, &position, NULL, &entry)) {
    if (!survey(&members, entry, entry_names)) return false;
    struct json type = members.named[0];
    struct json path = members.named[1];
    if (type.start == NULL || type.type != JSON_STRING || (path.start != NULL && path.type != JSON_STRING)) return false;
    if (!json_is(type, "network")) continue;
    if (path.start != NULL || ++count > 1) return false;
    if (!find_place(&places->network, places->text, members.last_key, members.last)) return false;
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

/* isAtOrAbove in resolver-files.ts: the root does not count. */
static bool is_at_or_above(const char *destination, const char *path) {
  size_t length = strlen(destination);
  while (length > 0 && destination[length - 1] == '/') length--;
  return length > 0 && strncmp(path, destination, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* False if its destination cannot be told. */
static bool note_destination(struct spec_places *places, struct json mount) {
  char destination[PATH_MAX];
  struct json value;
  enum json_found found = json_get(mount, "destination", &value);
  if (found == JSON_MISSING) return true;
  if (found == JSON_TWICE || !json_copy(value, destination, sizeof destination)) return false;
  places->mounts_hosts |= is_at_or_above(destination, "/etc/hosts");
  places->mounts_resolv_conf |= is_at_or_above(destination, "/etc/resolv.conf");
  return true;
}

/* False if the daemon may have to take some of them out. */
static bool find_mounts(struct spec_places *places, struct json mounts) {
  struct json mount;
  const char *position = NULL;
  places->mounts = (struct place){.behind = NULL};
  places->mounts_hosts = places->mounts_resolv_conf = false;
  bool known = true;
  if (mounts.start != NULL && mounts.type != JSON_ARRAY) return false;
  while (mounts.start != NULL && json_next(mounts, &position, NULL, &mount)) {
    if (mount.type != JSON_OBJECT || may_be_ours(mount)) return false;
    known = known && note_destination(places, mount);
    places->mounts = (struct place){.behind = mount.end, .gap = gap_before(places->text, mount.start)};
  }
  places->mountable = known && places->mounts.behind != NULL && places->mounts.gap.length <= PLACE_SLICE_MAX;
  return true;
}

/* Ours are for the daemon, and so is one that says whether there are to be DNS files. */
static bool find_annotations(struct spec_places *places) {
  const char *position = NULL;
  struct json key = {.start = NULL};
  struct json value = {.start = NULL};
  if (places->annotations.type != JSON_OBJECT) return false;
  while (json_next(places->annotations, &position, &key, &value)) {
    if (value.type != JSON_STRING || json_is_named(key, ANNOTATION_LEASE)) return false;
    if (json_is_named(key, ANNOTATION_ADDRESS) || json_is_named(key, ANNOTATION_DNS)) return false;
  }
  return key.start != NULL && find_place(&places->holder, places->text, key, value);
}

bool spec_places_find(struct spec_places *places, const char *text, size_t length) {
  static const char *const root_names[NAMES_MAX] = {"linux", "mounts", "annotations", "hostname"};
  struct json root;
  struct members members;
  places->text = text;
  places->length = length;
  if (!is_utf8(text, length) || !json_parse(text, length, &root) || !survey(&members, root, root_names)) return false;
  if (!find_network(places, members.named[0]) || !find_mounts(places, members.named[1])) return false;
  places->annotations = members.named[2];
  places->hostname = members.named[3];
  /* Annotations that are null are for the daemon to replace, and not missing. */
  bool missing = places->annotations.start == NULL;
  if (!(missing ? find_place(&places->holder, text, members.last_key, members.last) : find_annotations(places))) return false;
  places->unit = find_unit(text, length);
  return places->unit.length <= PLACE_SLICE_MAX;
}
