#include "printable.h"

#include <string.h>

/* C0, DEL and C1, which begins with c2 80 in UTF-8: the general category Cc. */
static bool is_control(const char *at, size_t length) {
  const unsigned char *byte = (const unsigned char *)at;
  if (length == 1) return byte[0] < 0x20 || byte[0] == 0x7f;
  return length == 2 && byte[0] == 0xc2 && byte[1] < 0xa0;
}

size_t add_printable(struct text *text, const char *bytes, size_t length) {
  size_t columns = 0;
  for (const char *end = bytes + length; bytes < end;) {
    size_t size = utf8_length(bytes, end);
    size_t step = size == 0 ? 1 : size;
    if (size == 0 || is_control(bytes, size))
      text_add(text, "\xef\xbf\xbd");
    else
      text_add_bytes(text, bytes, size);
    /* Beyond the basic plane a character takes two units. */
    columns += size == 4 ? 2 : 1;
    bytes += step;
  }
  return columns;
}

static void add_break(struct text *text, unsigned depth) {
  text_add(text, "\n");
  while (depth-- > 0) text_add(text, "  ");
}

/* Strings and numbers stay as they are written, which is as JSON.stringify wrote them. One pass over the text, without recursion. */
void add_indented(struct text *text, struct json value) {
  unsigned depth = 0;
  for (const char *at = value.start; at < value.end;) {
    char byte = *at;
    if (byte == '"') {
      const char *end = at + 1;
      while (*end != '"') end += *end == '\\' ? 2 : 1;
      text_add_bytes(text, at, (size_t)(end + 1 - at));
      at = end + 1;
      continue;
    }
    at++;
    if (strchr(" \t\r\n", byte) != NULL) continue;
    if (byte == '{' || byte == '[') {
      while (strchr(" \t\r\n", *at) != NULL) at++;
      text_add_bytes(text, &byte, 1);
      bool empty = *at == '}' || *at == ']';
      if (empty) text_add_bytes(text, at++, 1);
      if (!empty) add_break(text, ++depth);
    } else if (byte == '}' || byte == ']') {
      add_break(text, --depth);
      text_add_bytes(text, &byte, 1);
    } else {
      text_add_bytes(text, &byte, 1);
      if (byte == ':') text_add(text, " ");
      if (byte == ',') add_break(text, depth);
    }
  }
}
