#include "grammar.h"

#include <stdint.h>
#include <string.h>

#include "json.h"

const char *json_skip_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
  return at;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

int json_hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const char *json_skip_string(const char *at, const char *end) {
  if (at == end || *at != '"') return NULL;
  for (at++; at < end; at++) {
    if (*at == '"') return at + 1;
    if ((unsigned char)*at < 0x20) return NULL;
    if (*at != '\\') continue;
    if (++at == end) return NULL;
    if (*at == 'u') {
      if (end - at < 5) return NULL;
      for (int i = 1; i <= 4; i++)
        if (json_hex_digit(at[i]) < 0) return NULL;
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
    case '"': return json_skip_string(at, end);
    case 't': return skip_word(at, end, "true");
    case 'f': return skip_word(at, end, "false");
    case 'n': return skip_word(at, end, "null");
    default: return skip_number(at, end);
  }
}

static const char *skip_key(const char *at, const char *end) {
  at = json_skip_string(json_skip_space(at, end), end);
  if (at == NULL) return NULL;
  at = json_skip_space(at, end);
  return at < end && *at == ':' ? at + 1 : NULL;
}

static bool bit_at(const uint8_t *bits, unsigned index) { return (bits[index / 8] >> (index % 8) & 1) != 0; }

static void set_bit(uint8_t *bits, unsigned index, bool value) {
  uint8_t mask = (uint8_t)(1u << (index % 8));
  bits[index / 8] = value ? (uint8_t)(bits[index / 8] | mask) : (uint8_t)(bits[index / 8] & ~mask);
}

/* The stack is one bit a level: whether that level is an object. */
const char *json_skip_value(const char *at, const char *end) {
  uint8_t objects[JSON_DEPTH_MAX / 8] = {0};
  unsigned depth = 0;
  for (;;) {
    at = json_skip_space(at, end);
    if (at == end) return NULL;
    if (*at == '{' || *at == '[') {
      bool object = *at == '{';
      if (depth == JSON_DEPTH_MAX) return NULL;
      set_bit(objects, depth++, object);
      at = json_skip_space(at + 1, end);
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
      at = json_skip_space(at, end);
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
