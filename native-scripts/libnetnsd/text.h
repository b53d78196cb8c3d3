#ifndef NETNSD_TEXT_H
#define NETNSD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A string that grows inside a buffer of fixed size. What does not fit sets `overflow`, and nothing is added any more. */
struct text {
  char *bytes;
  size_t size;
  size_t length;
  bool overflow;
};

/* An empty text in `bytes`, which has room for `size` bytes (at least 1). It ends with NUL at all times. */
struct text text_in(char *bytes, size_t size);

void text_add(struct text *text, const char *string);

/* Adds what printf(3) would print. */
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds `length` bytes as they are; they hold no NUL. */
void text_add_bytes(struct text *text, const char *bytes, size_t length);

/* Adds a JSON string with its quotes (RFC 8259). False, and nothing that can be used, if `string` is no UTF-8. */
bool text_add_json(struct text *text, const char *string);

/* Adds `string` percent-encoded as one segment of a path: all but RFC 3986's unreserved characters. */
void text_add_segment(struct text *text, const char *string);

/* How many bytes the UTF-8 character at `at` has, or 0 if none that is well-formed (RFC 3629) starts there. */
size_t utf8_length(const char *at, const char *end);

/* Makes `string` fit to be printed in one line: control characters and broken UTF-8 become `?`. */
void text_make_printable(char *string);

#endif
