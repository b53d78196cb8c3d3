#ifndef NETNSD_JSON_H
#define NETNSD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A strict JSON reader (RFC 8259) that copies nothing, allocates nothing and does not recurse: json_parse checks the whole
 * text once, and values are then slices of it. The text must outlive its values.
 */
enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
  enum json_type type;
  /* From the value's first character to the one after its last; quotes and brackets are part of it. */
  const char *start;
  const char *end;
};

/* Deeper texts are refused. The specs of real containers are about 8 deep. */
enum { JSON_DEPTH_MAX = 512 };

/* False if `text` is not one JSON value with nothing but white space around it. */
bool json_parse(const char *text, size_t length, struct json *root);

/* Walks a container: `*position` starts as NULL. False after the last one. `key` is NULL for arrays. */
bool json_next(struct json container, const char **position, struct json *key, struct json *value);

/*
 * The member `key` of an object. JSON_TWICE: the name stands there twice, or in other letters' case, and readers do not agree on which
 * one holds (Go's takes the last and ignores case), so the caller must not choose. A null counts as missing, as it does in Go.
 */
enum json_found { JSON_MISSING, JSON_FOUND, JSON_TWICE };
enum json_found json_get(struct json object, const char *key, struct json *value);

/* The same for whatever case its letters have, as Go reads and containerd writes (HostPort, IngressRate). */
enum json_found json_get_as_go(struct json object, const char *key, struct json *value);

/* Whether the string, its escapes decoded, is `literal`. */
bool json_is(struct json string, const char *literal);

/* The same in whatever case, as Go compares the names of members (of ASCII alone). */
bool json_is_named(struct json string, const char *name);

/* Decodes the string into `buffer` with a NUL behind it. False if it is no string, does not fit, or holds a NUL or half a surrogate pair. */
bool json_copy(struct json string, char *buffer, size_t size);

/* False unless it is a whole number from `minimum` to `maximum`, written without fraction or exponent. */
bool json_integer(struct json number, long minimum, long maximum, long *value);

/* The same for a number from 0 to 2^53, which is as far as JavaScript counts. */
bool json_unsigned(struct json number, uint64_t *value);

#endif
