#include "json.h"

#include <stdint.h>
#include <string.h>

static const char *skip_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
  return at;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Each skip returns the place after what it skipped, or NULL if that is not there. `at` is never past `end`. */
static const char *skip_string(const char *at, const char *end) {
  if (at == end || *at != '"') return NULL;
  for (at++; at < end; at++) {
    if (*at == '"') return at + 1;
    if ((unsigned char)*at < 0x20) return NULL;
    if (*at != '\\') continue;
    if (++at == end) return NULL;
    if (*at == 'u') {
      if (end - at < 5) return NULL;
      for (int i = 1; i <= 4; i++)
        if (hex_digit(at[i]) < 0) return NULL;
      at += 4;
    } else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) {
      return NULL;
    }
  }
  return NULL;
}

static const char *skip_digits(const char *at, const char *end) {
  const char *start = at;
  while (at < end && is_digit(*at)) at++;
  return at == start ? NULL : at;
}

static const char *skip_number(const char *at, const char *end) {
  if (at < end && *at == '-') at++;
  if (at < end && *at == '0') {
    at++;
  } else if ((at = skip_digits(at, end)) == NULL) {
    return NULL;
  }
  if (at < end && *at == '.' && (at = skip_digits(at + 1, end)) == NULL) return NULL;
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    at = skip_digits(at, end);
  }
  return at;
}

static const char *skip_word(const char *at, const char *end, const char *word) {
  size_t length = strlen(word);
  return (size_t)(end - at) >= length && memcmp(at, word, length) == 0 ? at + length : NULL;
}

static const char *skip_scalar(const char *at, const char *end) {
  switch (*at) {
    case '"': return skip_string(at, end);
    case 't': return skip_word(at, end, "true");
    case 'f': return skip_word(at, end, "false");
    case 'n': return skip_word(at, end, "null");
    default: return skip_number(at, end);
  }
}

static const char *skip_key(const char *at, const char *end) {
  at = skip_string(skip_space(at, end), end);
  if (at == NULL) return NULL;
  at = skip_space(at, end);
  return at < end && *at == ':' ? at + 1 : NULL;
}

static bool bit_at(const uint8_t *bits, unsigned index) { return (bits[index / 8] >> (index % 8) & 1) != 0; }

static void set_bit(uint8_t *bits, unsigned index, bool value) {
  uint8_t mask = (uint8_t)(1u << (index % 8));
  bits[index / 8] = value ? (uint8_t)(bits[index / 8] | mask) : (uint8_t)(bits[index / 8] & ~mask);
}

/* One value, however deep; the stack is one bit a level: whether that level is an object. */
static const char *skip_value(const char *at, const char *end) {
  uint8_t objects[JSON_DEPTH_MAX / 8] = {0};
  unsigned depth = 0;
  for (;;) {
    at = skip_space(at, end);
    if (at == end) return NULL;
    if (*at == '{' || *at == '[') {
      bool object = *at == '{';
      if (depth == JSON_DEPTH_MAX) return NULL;
      set_bit(objects, depth++, object);
      at = skip_space(at + 1, end);
      bool empty = at < end && *at == (object ? '}' : ']');
      if (!empty) {
        if (object && (at = skip_key(at, end)) == NULL) return NULL;
        continue;
      }
    } else if ((at = skip_scalar(at, end)) == NULL) {
      return NULL;
    }
    /* A value has ended, or stands on the bracket that ends it: close all that ends here, then go on behind the comma. */
    for (;;) {
      if (depth == 0) return at;
      at = skip_space(at, end);
      if (at == end) return NULL;
      bool object = bit_at(objects, depth - 1);
      if (*at == (object ? '}' : ']')) {
        at++;
        depth--;
        continue;
      }
      if (*at++ != ',') return NULL;
      if (object && (at = skip_key(at, end)) == NULL) return NULL;
      break;
    }
  }
}

static bool slice_value(const char *at, const char *end, struct json *value) {
  at = skip_space(at, end);
  const char *after = skip_value(at, end);
  if (after == NULL) return false;
  static const char firsts[] = "nft\"[{";
  static const enum json_type types[] = {JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_STRING, JSON_ARRAY, JSON_OBJECT};
  const char *first = strchr(firsts, *at);
  *value = (struct json){.type = first == NULL ? JSON_NUMBER : types[first - firsts], .start = at, .end = after};
  return true;
}

bool json_parse(const char *text, size_t length, struct json *root) {
  const char *end = text + length;
  return slice_value(text, end, root) && skip_space(root->end, end) == end;
}

bool json_next(struct json container, const char **position, struct json *key, struct json *value) {
  if (container.type != JSON_OBJECT && container.type != JSON_ARRAY) return false;
  const char *end = container.end - 1;
  const char *at = skip_space(*position == NULL ? container.start + 1 : *position, end);
  if (at == end) return false;
  if (*position != NULL) at = skip_space(at + 1, end);
  if (container.type == JSON_OBJECT) {
    const char *name = at;
    at = skip_string(name, end);
    if (at == NULL) return false;
    if (key != NULL) *key = (struct json){.type = JSON_STRING, .start = name, .end = at};
    at = skip_space(at, end) + 1;
  }
  if (!slice_value(at, end, value)) return false;
  *position = value->end;
  return true;
}

static unsigned hex4(const char *at) {
  unsigned value = 0;
  for (int i = 0; i < 4; i++) value = value << 4 | (unsigned)hex_digit(at[i]);
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

bool json_integer(struct json number, long minimum, long maximum, long *value) {
  if (number.type != JSON_NUMBER) return false;
  const char *at = number.start;
  bool negative = *at == '-';
  if (negative) at++;
  long sum = 0;
  for (; at < number.end; at++) {
    if (!is_digit(*at) || sum > (2147483647L - 9) / 10) return false;
    sum = sum * 10 + (*at - '0');
  }
  *value = negative ? -sum : sum;
  return *value >= minimum && *value <= maximum;
}
