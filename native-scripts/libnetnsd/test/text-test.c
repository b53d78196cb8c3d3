#include "text.h"

#include <string.h>

#include "check.h"

static bool printable_is(const char *raw, const char *expected) {
  char bytes[64];
  strcpy(bytes, raw);
  text_make_printable(bytes);
  return strcmp(bytes, expected) == 0;
}

static void check_escapes(void) {
  char bytes[128];
  struct text text = text_in(bytes, sizeof bytes);
  test("a JSON string escapes quotes, backslashes and control characters and keeps UTF-8");
  CHECK(text_add_json(&text, "a\"b\\c\n\x7f\xc3\xa9"));
  CHECK_TEXT(bytes, "\"a\\\"b\\\\c\\u000a\\u007f\xc3\xa9\"");
  test("a JSON string refuses what is no UTF-8");
  CHECK(!text_add_json(&text, "\xff"));
  CHECK(!text_add_json(&text, "\xc0\xaf"));
  CHECK(!text_add_json(&text, "\xed\xa0\x80"));
  CHECK(!text_add_json(&text, "\xf4\x90\x80\x80"));
  CHECK(!text_add_json(&text, "\xe2\x82"));
  text = text_in(bytes, sizeof bytes);
  test("a path segment is percent-encoded but for unreserved characters");
  text_add_segment(&text, "aZ09-._~/ %+\xc3");
  CHECK_TEXT(bytes, "aZ09-._~%2F%20%25%2B%C3");
}

void test_text(void) {
  char bytes[8];
  struct text text = text_in(bytes, sizeof bytes);
  test("a text that is full says so and keeps what fitted");
  text_add(&text, "1234567");
  CHECK(!text.overflow);
  text_add(&text, "8");
  CHECK(text.overflow);
  CHECK_TEXT(bytes, "1234567");
  text_add(&text, "");
  CHECK_TEXT(bytes, "1234567");
  check_escapes();
  test("a message is one printable line whatever was put into it");
  CHECK(printable_is("a\nb\x1b[31m", "a?b?[31m"));
  CHECK(printable_is("\xc3\xa9\xc3", "\xc3\xa9?"));
}
