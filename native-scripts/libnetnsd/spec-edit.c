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

/* render in object-edit.ts: JSON.stringify with the unit, each of its line breaks made a gap. */
static bool add_annotations(struct text *text, const struct spec_places *places, const struct spec_values *values) {
  const struct place *place = &places->holder;
  bool lines = places->unit.length > 0 && memchr(place->gap.start, '\n', place->gap.length) != NULL;
  struct slice gap = lines ? place->gap : (struct slice){.start = "", .length = 0};
  struct slice unit = lines ? places->unit : gap;
  if (unit.length > UNIT_MAX) unit.length = UNIT_MAX;
  const char *colon = lines ? ": " : ":";
  text_add(text, ",");
  add_slice(text, place->gap);
  text_add(text, "\"annotations\"");
  add_slice(text, place->colon);
  text_add(text, "{");
  add_slice(text, gap);
  add_slice(text, unit);
  text_add(text, "\"" ANNOTATION_LEASE "\"");
  text_add(text, colon);
  bool lease = add_string(text, values->lease);
  text_add(text, ",");
  add_slice(text, gap);
  add_slice(text, unit);
  text_add(text, "\"" ANNOTATION_ADDRESS "\"");
  text_add(text, colon);
  bool address = add_string(text, values->address);
  add_slice(text, gap);
  text_add(text, "}");
  return lease && address;
}

static void add_piece(struct spec_edit *edit, const char *start, const char *end) {
  edit->pieces[edit->count++] = (struct iovec){.iov_base = (char *)start, .iov_len = (size_t)(end - start)};
}

bool spec_edit_make(struct spec_edit *edit, const struct spec_places *places, const struct spec_values *values) {
  struct text added = text_in(edit->added, sizeof edit->added);
  if (!add_member(&added, &places->network, "path", values->path)) return false;
  const char *middle = added.bytes + added.length;
  if (values->lease == NULL) {
    edit->count = 0;
    add_piece(edit, places->text, places->network.behind);
    add_piece(edit, added.bytes, middle);
    add_piece(edit, places->network.behind, places->text + places->length);
    return !added.overflow;
  }
  bool present = places->annotations.type == JSON_OBJECT;
  bool written = present ? add_member(&added, &places->holder, ANNOTATION_LEASE, values->lease) &&
                               add_member(&added, &places->holder, ANNOTATION_ADDRESS, values->address)
                         : add_annotations(&added, places, values);
  if (!written || added.overflow) return false;
  /* The two never stand at one place: a bracket at least is between them. */
  bool network_first = places->network.behind < places->holder.behind;
  const char *first = network_first ? places->network.behind : places->holder.behind;
  const char *second = network_first ? places->holder.behind : places->network.behind;
  const char *end = added.bytes + added.length;
  edit->count = 0;
  add_piece(edit, places->text, first);
  add_piece(edit, network_first ? added.bytes : middle, network_first ? middle : end);
  add_piece(edit, first, second);
  add_piece(edit, network_first ? middle : added.bytes, network_first ? end : middle);
  add_piece(edit, second, places->text + places->length);
  return true;
}
