#include "spec-edit.h"

#include <string.h>

#include "spec.h"
#include "text.h"

/* JSON.stringify takes no more of an indentation. */
enum { UNIT_MAX = 10 };

static void add_slice(struct text *text, struct slice slice) { text_add_bytes(text, slice.start, slice.length); }

/* Control characters are written otherwise by JSON.stringify, and belong into none of the values. */
static bool add_string(struct text *text, const char *string) {
  for (const char *at = string; *at != '\0'; at++)
    if ((unsigned char)*at < 0x20 || *at == 0x7f) return false;
  return text_add_json(text, string);
}

static bool add_member(struct text *text, const struct place *place, const char *name, const char *value) {
  text_add(text, ",");
  add_slice(text, place->gap);
  bool named = add_string(text, name);
  add_slice(text, place->colon);
  return named && add_string(text, value);
}

/* How render in object-edit.ts writes a value: on lines of its own where its neighbours are, else in one piece. */
struct layout {
  struct slice gap;
  struct slice unit;
  const char *colon;
};

static struct layout layout_at(const struct spec_places *places, const struct place *place) {
  bool lines = places->unit.length > 0 && memchr(place->gap.start, '\n', place->gap.length) != NULL;
  struct layout layout = {.gap = {.start = "", .length = 0}, .unit = {.start = "", .length = 0}, .colon = ":"};
  if (!lines) return layout;
  layout = (struct layout){.gap = place->gap, .unit = places->unit, .colon = ": "};
  if (layout.unit.length > UNIT_MAX) layout.unit.length = UNIT_MAX;
  return layout;
}

static void add_line(struct text *text, const struct layout *layout, int depth) {
  add_slice(text, layout->gap);
  for (int i = 0; i < depth; i++) add_slice(text, layout->unit);
}

/* A member with a string, on a line at this depth. */
static bool add_pair(struct text *text, const struct layout *layout, const char *name, const char *value) {
  add_line(text, layout, 1);
  bool named = add_string(text, name);
  text_add(text, layout->colon);
  return named && add_string(text, value);
}

static bool add_annotations(struct text *text, const struct spec_places *places, const struct spec_values *values) {
  const struct place *place = &places->holder;
  struct layout layout = layout_at(places, place);
  text_add(text, ",");
  add_slice(text, place->gap);
  text_add(text, "\"annotations\"");
  add_slice(text, place->colon);
  text_add(text, "{");
  bool lease = add_pair(text, &layout, ANNOTATION_LEASE, values->lease);
  text_add(text, ",");
  bool address = add_pair(text, &layout, ANNOTATION_ADDRESS, values->address);
  add_line(text, &layout, 0);
  text_add(text, "}");
  return lease && address;
}

/* bindMount in resolver-files.ts. */
static bool add_mount(struct text *text, const struct spec_places *places, const char *destination, const char *source) {
  static const char *const options[] = {"rbind", "rprivate", "ro", "nosuid", "nodev", "noexec"};
  const struct place *place = &places->mounts;
  struct layout layout = layout_at(places, place);
  text_add(text, ",");
  add_slice(text, place->gap);
  text_add(text, "{");
  bool written = add_pair(text, &layout, "destination", destination);
  text_add(text, ",");
  written = add_pair(text, &layout, "type", "bind") && written;
  text_add(text, ",");
  written = add_pair(text, &layout, "source", source) && written;
  text_add(text, ",");
  add_line(text, &layout, 1);
  text_addf(text, "\"options\"%s[", layout.colon);
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
    if (i > 0) text_add(text, ",");
    add_line(text, &layout, 2);
    text_addf(text, "\"%s\"", options[i]);
  }
  add_line(text, &layout, 1);
  text_add(text, "]");
  add_line(text, &layout, 0);
  text_add(text, "}");
  return written;
}

/* What is added at one position of the original. */
struct addition {
  const char *at;
  const char *start;
  const char *end;
};

/* Adds one, in the order of the positions. No two are at the same one: a bracket at least is between them. */
static void insert(struct addition *additions, int *count, struct addition addition) {
  int index = (*count)++;
  for (; index > 0 && additions[index - 1].at > addition.at; index--) additions[index] = additions[index - 1];
  additions[index] = addition;
}

static void add_piece(struct spec_edit *edit, const char *start, const char *end) {
  edit->pieces[edit->count++] = (struct iovec){.iov_base = (char *)start, .iov_len = (size_t)(end - start)};
}

static void join(struct spec_edit *edit, const struct spec_places *places, const struct addition *additions, int count) {
  const char *at = places->text;
  edit->count = 0;
  for (int i = 0; i < count; i++) {
    add_piece(edit, at, additions[i].at);
    add_piece(edit, additions[i].start, additions[i].end);
    at = additions[i].at;
  }
  add_piece(edit, at, places->text + places->length);
}

static bool add_lease(struct text *text, const struct spec_places *places, const struct spec_values *values) {
  if (places->annotations.type != JSON_OBJECT) return add_annotations(text, places, values);
  return add_member(text, &places->holder, ANNOTATION_LEASE, values->lease) &&
         add_member(text, &places->holder, ANNOTATION_ADDRESS, values->address);
}

static bool add_mounts(struct text *text, const struct spec_places *places, const struct spec_values *values) {
  if (values->hosts != NULL && !places->mounts_hosts && !add_mount(text, places, "/etc/hosts", values->hosts)) return false;
  return values->resolv_conf == NULL || places->mounts_resolv_conf ||
         add_mount(text, places, "/etc/resolv.conf", values->resolv_conf);
}

bool spec_edit_make(struct spec_edit *edit, const struct spec_places *places, const struct spec_values *values) {
  struct text added = text_in(edit->added, sizeof edit->added);
  struct addition additions[3];
  int count = 0;
  if (!add_member(&added, &places->network, "path", values->path)) return false;
  const char *path_end = added.bytes + added.length;
  insert(additions, &count, (struct addition){places->network.behind, added.bytes, path_end});
  if (values->lease != NULL && !add_lease(&added, places, values)) return false;
  const char *lease_end = added.bytes + added.length;
  if (values->lease != NULL) insert(additions, &count, (struct addition){places->holder.behind, path_end, lease_end});
  if (places->mountable && !add_mounts(&added, places, values)) return false;
  const char *mounts_end = added.bytes + added.length;
  if (mounts_end > lease_end) insert(additions, &count, (struct addition){places->mounts.behind, lease_end, mounts_end});
  join(edit, places, additions, count);
  return !added.overflow;
}
