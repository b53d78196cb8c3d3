#include "json.h"

#include <string.h>

#include "grammar.h"

static bool slice_value(const char *at, const char *end, struct json *value) {
  at = json_skip_space(at, end);
  const char *after = json_skip_value(at, end);
  if (after == NULL) return false;
  static const char firsts[] = "nft\"[{";
  static const enum json_type types[] = {JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_STRING, JSON_ARRAY, JSON_OBJECT};
  const char *first = strchr(firsts, *at);
  *value = (struct json){.type = first == NULL ? JSON_NUMBER : types[first - firsts], .start = at, .end = after};
  return true;
}

bool json_parse(const char *text, size_t length, struct json *root) {
  const char *end = text + length;
  return slice_value(text, end, root) && json_skip_space(root->end, end) == end;
}

bool json_next(struct json container, const char **position, struct json *key, struct json *value) {
  if (container.type != JSON_OBJECT && container.type != JSON_ARRAY) return false;
  const char *end = container.end - 1;
  const char *at = json_skip_space(*position == NULL ? container.start + 1 : *position, end);
  if (at == end) return false;
  if (*position != NULL) at = json_skip_space(at + 1, end);
  if (container.type == JSON_OBJECT) {
    const char *name = at;
    at = json_skip_string(name, end);
    if (at == NULL) return false;
    if (key != NULL) *key = (struct json){.type = JSON_STRING, .start = name, .end = at};
    at = json_skip_space(at, end) + 1;
  }
  if (!slice_value(at, end, value)) return false;
  *position = value->end;
  return true;
}

static unsigned hex4(const char *at) {
  unsigned value = 0;
  for (int i = 0; i < 4; i++) value = value << 4 | (unsigned)json_hex_digit(at[i]);
  return value;
}

static size_t encode_utf8(unsigned point, char *out) {
  if (point < 0x80) {
    out[0] = (char)point;
    return 1;
  }
  size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = length - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (point & 0x3f));
    point >>= 6;
  }
  out[0] = (char)(leads[length] | point);
  return length;
}

/* One character of a checked string, `*at` moved behind it: its bytes in `out`, their number returned; 0 for half a surrogate pair. */
static size_t decode_character(const char **at, const char *end, char out[4]) {
  const char *from = *at;
  if (*from != '\\') {
    out[0] = *from;
    *at = from + 1;
    return 1;
  }
  static const char escapes[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  if (from[1] != 'u') {
    out[0] = meanings[strchr(escapes, from[1]) - escapes];
    *at = from + 2;
    return 1;
  }
  unsigned point = hex4(from + 2);
  *at = from + 6;
  if (point >= 0xdc00 && point <= 0xdfff) return 0;
  if (point >= 0xd800 && point <= 0xdbff) {
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return 0;
    unsigned low = hex4(*at + 2);
    if (low < 0xdc00 || low > 0xdfff) return 0;
    point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    *at += 6;
  }
  return encode_utf8(point, out);
}

bool json_copy(struct json string, char *buffer, size_t size) {
  if (string.type != JSON_STRING || size == 0) return false;
  size_t length = 0;
  const char *end = string.end - 1;
  for (const char *at = string.start + 1; at < end;) {
    char bytes[4];
    size_t count = decode_character(&at, end, bytes);
    if (count == 0 || bytes[0] == '\0' || count >= size - length) return false;
    memcpy(buffer + length, bytes, count);
    length += count;
  }
  buffer[length] = '\0';
  return true;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool equals(struct json string, const char *literal, bool any_case) {
  if (string.type != JSON_STRING) return false;
  const char *end = string.end - 1;
  for (const char *at = string.start + 1; at < end;) {
    char bytes[4];
    size_t count = decode_character(&at, end, bytes);
    for (size_t i = 0; i < count; i++, literal++) {
      if (*literal == '\0') return false;
      if (any_case ? lower(bytes[i]) != lower(*literal) : bytes[i] != *literal) return false;
    }
    if (count == 0) return false;
  }
  return *literal == '\0';
}

bool json_is(struct json string, const char *literal) { return equals(string, literal, false); }

bool json_is_named(struct json string, const char *name) { return equals(string, name, true); }

enum json_found json_get(struct json object, const char *key, struct json *value) {
  enum json_found found = JSON_MISSING;
  if (object.type != JSON_OBJECT) return found;
  const char *position = NULL;
  struct json name;
  struct json member;
  while (json_next(object, &position, &name, &member)) {
    if (!equals(name, key, true)) continue;
    if (found == JSON_FOUND || !json_is(name, key)) return JSON_TWICE;
    found = JSON_FOUND;
    *value = member;
  }
  return found == JSON_FOUND && value->type == JSON_NULL ? JSON_MISSING : found;
}

enum json_found json_get_as_go(struct json object, const char *key, struct json *value) {
  enum json_found found = JSON_MISSING;
  struct json name;
  struct json member;
  const char *position = NULL;
  if (object.type != JSON_OBJECT) return found;
  while (json_next(object, &position, &name, &member)) {
    if (!json_is_named(name, key)) continue;
    if (found == JSON_FOUND) return JSON_TWICE;
    found = JSON_FOUND;
    *value = member;
  }
  return found == JSON_FOUND && value->type == JSON_NULL ? JSON_MISSING : found;
}

bool json_unsigned(struct json number, uint64_t *value) {
  static const uint64_t highest = UINT64_C(1) << 53;
  if (number.type != JSON_NUMBER) return false;
  *value = 0;
  for (const char *at = number.start; at < number.end; at++) {
    if (*at < '0' || *at > '9' || *value > highest / 10) return false;
    *value = *value * 10 + (uint64_t)(*at - '0');
  }
  return *value <= highest;
}

bool json_integer(struct json number, long minimum, long maximum, long *value) {
  if (number.type != JSON_NUMBER) return false;
  const char *at = number.start;
  bool negative = *at == '-';
  if (negative) at++;
  long sum = 0;
  for (; at < number.end; at++) {
    if (*at < '0' || *at > '9' || sum > (2147483647L - 9) / 10) return false;
    sum = sum * 10 + (*at - '0');
  }
  *value = negative ? -sum : sum;
  return *value >= minimum && *value <= maximum;
}
