#ifndef NETNSD_GRAMMAR_H
#define NETNSD_GRAMMAR_H

/*
 * The grammar of JSON (RFC 8259), for json.c. Each skip returns the place after what it skipped, or NULL if that does not stand at `at`,
 * which is never past `end`.
 */
const char *json_skip_space(const char *at, const char *end);
const char *json_skip_string(const char *at, const char *end);

/* One value, however deep, without recursion. */
const char *json_skip_value(const char *at, const char *end);

/* 0 to 15, or -1. */
int json_hex_digit(char c);

#endif
