#ifndef NETNSD_PRINTABLE_H
#define NETNSD_PRINTABLE_H

#include <stddef.h>

#include "json.h"
#include "text.h"

/* Adds a text with U+FFFD in place of each control character and of what is no UTF-8; how many columns it takes, as String.length counts. */
size_t add_printable(struct text *text, const char *bytes, size_t length);

/* Adds a JSON value, which was parsed, as JSON.stringify(value, null, 2) writes it. */
void add_indented(struct text *text, struct json value);

#endif
