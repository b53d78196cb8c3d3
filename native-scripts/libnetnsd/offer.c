#include "offer.h"

#include <string.h>

#include "names.h"
#include "text.h"

/* Whether a spec can carry it as it is. */
static bool is_printable(const char *at, const char *end) {
  while (at < end) {
    size_t length = utf8_length(at, end);
    if (length == 0 || (unsigned char)*at < 0x20 || *at == 0x7f) return false;
    at += length;
  }
  return true;
}

static bool copy(char *field, size_t size, const char *start, const char *end) {
  size_t length = (size_t)(end - start);
  if (length == 0 || length >= size) return false;
  memcpy(field, start, length);
  field[length] = '\0';
  return true;
}

bool offer_read(struct offer *offer, const char *text, size_t length) {
  const char *end = text + length;
  if (!is_printable(text, end)) return false;
  const char *first = memchr(text, ' ', length);
  const char *second = first == NULL ? NULL : memchr(first + 1, ' ', (size_t)(end - first - 1));
  if (second == NULL) return false;
  return copy(offer->endpoint, sizeof offer->endpoint, text, first) && is_plain_name(offer->endpoint) &&
         copy(offer->address, sizeof offer->address, first + 1, second) && copy(offer->path, sizeof offer->path, second + 1, end) &&
         offer->path[0] == '/';
}
