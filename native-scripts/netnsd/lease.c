#include "lease.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "printable.h"

enum { COLUMNS = 5, CELL_MAX = PATH_MAX + 64 };

bool copy_string(struct json object, const char *name, char *buffer, size_t size) {
  struct json value;
  return json_get(object, name, &value) == JSON_FOUND && json_copy(value, buffer, size);
}

/* Date.toISOString. */
static void add_time(struct text *text, int64_t milliseconds) {
  time_t seconds = (time_t)(milliseconds / 1000);
  struct tm utc;
  char bytes[64];
  gmtime_r(&seconds, &utc);
  strftime(bytes, sizeof bytes, "%Y-%m-%dT%H:%M:%S", &utc);
  text_addf(text, "\"%s.%03dZ\"", bytes, (int)(milliseconds % 1000));
}

/* What an offer says and no lease has. */
static bool is_of_offer(struct json key) { return json_is(key, "token") || json_is(key, "pool") || json_is(key, "mountDns"); }

static void add_facts(struct text *text, const struct offer *offer) {
  struct json root;
  struct json key;
  struct json value;
  const char *position = NULL;
  if (!json_parse(offer->text, offer->length, &root)) return;
  while (json_next(root, &position, &key, &value)) {
    if (is_of_offer(key)) continue;
    text_add(text, ",");
    text_add_bytes(text, key.start, (size_t)(key.end - key.start));
    text_add(text, ":");
    text_add_bytes(text, value.start, (size_t)(value.end - value.start));
  }
}

void add_taken_lease(struct text *text, const char *key, const struct wanted *wanted, const struct taken *taken) {
  text_addf(text, "{\"id\":\"%s\",\"pool\":\"%s\",\"containerId\":", taken->lease, taken->offer.pool);
  text_addf(text, key[0] == '@' ? "null" : "\"%s\"", key);
  text_addf(text, ",\"tenant\":\"%s\",\"trust\":\"unknown\",\"source\":\"warm\",\"acquiredAt\":", wanted->tenant);
  add_time(text, taken->taken_at_ms);
  text_add(text, ",\"expiresAt\":");
  if (wanted->ttl_ms > 0)
    add_time(text, taken->taken_at_ms + wanted->ttl_ms);
  else
    text_add(text, "null");
  add_facts(text, &taken->offer);
  if (wanted->pid > 0)
    text_addf(text, ",\"process\":{\"pid\":%ld,\"startTicks\":%llu}", wanted->pid, (unsigned long long)wanted->start_ticks);
  text_add(text, "}");
}

static bool copy_path(struct json lease, char path[PATH_MAX]) {
  struct json netns;
  return json_get(lease, "netns", &netns) == JSON_FOUND && copy_string(netns, "path", path, PATH_MAX);
}

bool add_paths(struct text *text, const struct json *leases, size_t count) {
  char path[PATH_MAX];
  for (size_t i = 0; i < count; i++) {
    if (!copy_path(leases[i], path)) return false;
    text_addf(text, "%s\n", path);
  }
  return true;
}

/* Whether `one` is a part of a text that has commas between its parts. */
static bool has_part(const char *parts, const char *one) {
  for (size_t length; *parts != '\0'; parts += length + (parts[length] == ',')) {
    length = strcspn(parts, ",");
    if (length == strlen(one) && memcmp(parts, one, length) == 0) return true;
  }
  return false;
}

/* What the addresses of a lease have under this name, with commas between; `unique`: each once. */
static bool join_addresses(struct json lease, const char *name, bool unique, char cell[CELL_MAX]) {
  struct json addresses;
  struct json address;
  const char *position = NULL;
  char one[128];
  struct text joined = text_in(cell, CELL_MAX);
  if (json_get(lease, "addresses", &addresses) != JSON_FOUND) return false;
  while (json_next(addresses, &position, NULL, &address)) {
    if (!copy_string(address, name, one, sizeof one)) return false;
    if (unique && has_part(cell, one)) continue;
    text_addf(&joined, "%s%s", joined.length > 0 ? "," : "", one);
  }
  return !joined.overflow;
}

static bool read_cell(struct json lease, size_t column, char cell[CELL_MAX]) {
  switch (column) {
    case 0: return copy_string(lease, "id", cell, CELL_MAX);
    case 1: return copy_path(lease, cell);
    case 2: return join_addresses(lease, "address", false, cell);
    case 3: return join_addresses(lease, "gateway", true, cell);
    default: return copy_string(lease, "source", cell, CELL_MAX);
  }
}

static size_t columns_of(const char *cell) {
  static char bytes[3 * CELL_MAX];
  struct text printed = text_in(bytes, sizeof bytes);
  return add_printable(&printed, cell, strlen(cell));
}

static void add_cell(struct text *text, const char *cell, size_t width, bool last) {
  size_t columns = add_printable(text, cell, strlen(cell));
  for (; !last && columns < width + 2; columns++) text_add(text, " ");
}

static void trim_line(struct text *text) {
  while (text->length > 0 && text->bytes[text->length - 1] == ' ') text->bytes[--text->length] = '\0';
  text_add(text, "\n");
}

bool add_table(struct text *text, const struct json *leases, size_t count) {
  static const char *const heading[COLUMNS] = {"LEASE", "PATH", "ADDRESS", "GATEWAY", "SOURCE"};
  static char cell[CELL_MAX];
  size_t widths[COLUMNS];
  for (size_t column = 0; column < COLUMNS; column++) {
    widths[column] = strlen(heading[column]);
    for (size_t i = 0; i < count; i++) {
      if (!read_cell(leases[i], column, cell)) return false;
      size_t columns = columns_of(cell);
      if (columns > widths[column]) widths[column] = columns;
    }
  }
  for (size_t column = 0; column < COLUMNS; column++) add_cell(text, heading[column], widths[column], column == COLUMNS - 1);
  trim_line(text);
  for (size_t i = 0; i < count; i++) {
    for (size_t column = 0; column < COLUMNS; column++) {
      read_cell(leases[i], column, cell);
      add_cell(text, cell, widths[column], column == COLUMNS - 1);
    }
    trim_line(text);
  }
  return true;
}
