#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text text_in(char *bytes, size_t size) {
  bytes[0] = '\0';
  return (struct text){.bytes = bytes, .size = size, .length = 0, .overflow = false};
}

void text_add_bytes(struct text *text, const char *bytes, size_t length) {
  if (text->overflow || length >= text->size - text->length) {
    text->overflow = true;
    return;
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string) { text_add_bytes(text, string, strlen(string)); }

void text_addf(struct text *text, const char *format, ...) {
  va_list arguments;
  size_t left = text->size - text->length;
  va_start(arguments, format);
  int length = text->overflow ? -1 : vsnprintf(text->bytes + text->length, left, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= left) {
    text->overflow = true;
    text->bytes[text->length] = '\0';
    return;
  }
  text->length += (size_t)length;
}

bool text_add_json(struct text *text, const char *string) {
  const char *end = string + strlen(string);
  text_add(text, "\"");
  while (string < end) {
    size_t length = utf8_length(string, end);
    if (length == 0) return false;
    unsigned char first = (unsigned char)*string;
    if (first == '"' || first == '\\') {
      text_add(text, "\\");
      text_add_bytes(text, string, 1);
    } else if (first < 0x20 || first == 0x7f) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", first);
      text_add(text, escape);
    } else {
      text_add_bytes(text, string, length);
    }
    string += length;
  }
  text_add(text, "\"");
  return true;
}

void text_add_segment(struct text *text, const char *string) {
  for (; *string != '\0'; string++) {
    unsigned char byte = (unsigned char)*string;
    bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                 (byte < 0x80 && strchr("-._~", byte) != NULL);
    char encoded[4] = {(char)byte, '\0', '\0', '\0'};
    if (!plain) snprintf(encoded, sizeof encoded, "%%%02X", byte);
    text_add(text, encoded);
  }
}

size_t utf8_length(const char *at, const char *end) {
  if (at >= end) return 0;
  const unsigned char *byte = (const unsigned char *)at;
  size_t left = (size_t)(end - at);
  if (byte[0] < 0x80) return 1;
  size_t length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
  if (byte[0] < 0xc2 || byte[0] > 0xf4 || left < length) return 0;
  for (size_t i = 1; i < length; i++)
    if ((byte[i] & 0xc0) != 0x80) return 0;
  /* Overlong forms, surrogates and what lies past U+10FFFF. */
  if (byte[0] == 0xe0 && byte[1] < 0xa0) return 0;
  if (byte[0] == 0xed && byte[1] > 0x9f) return 0;
  if (byte[0] == 0xf0 && byte[1] < 0x90) return 0;
  if (byte[0] == 0xf4 && byte[1] > 0x8f) return 0;
  return length;
}

void text_make_printable(char *string) {
  const char *end = string + strlen(string);
  while (string < end) {
    size_t length = utf8_length(string, end);
    unsigned char first = (unsigned char)*string;
    if (length == 0 || first < 0x20 || first == 0x7f) {
      *string = '?';
      length = 1;
    }
    string += length;
  }
}
