#include "settings.h"

#include <string.h>

#include "check.h"

static struct settings settings;
static char why[512];

static bool parse(const char *text) {
  settings_default(&settings);
  why[0] = '\0';
  return settings_parse(&settings, text, strlen(text), why, sizeof why);
}

static void check_refusals(void) {
  test("a wrong line is named with its number and what is wrong");
  CHECK(!parse("# fine\nruntime = x\ndeadline = 5\n"));
  CHECK_TEXT(why, "line 3: deadline is not a key: use runtime, socket, deadline_ms, on_failure, pool or tenant");
  CHECK(!parse("on_failure = maybe"));
  CHECK_TEXT(why, "line 1: on_failure must be fail or empty");
  CHECK(!parse("deadline_ms = 5"));
  CHECK_TEXT(why, "line 1: deadline_ms must be from 10 to 600000 milliseconds");
  CHECK(!parse("deadline_ms = -50") && !parse("deadline_ms = 50x") && !parse("deadline_ms = 99999999999999999999"));
  CHECK(!parse("runtime"));
  CHECK_TEXT(why, "line 1: runtime is not of the form key = value");
  CHECK(!parse("runtime =") && !parse("= x"));
  test("a line that is too long or holds a NUL is refused");
  static char longest[PATH_MAX + 512];
  memset(longest, 'x', sizeof longest - 1);
  CHECK(!parse(longest));
  memcpy(longest, "runtime=", 8);
  longest[8 + PATH_MAX] = '\0';
  CHECK(!parse(longest));
  CHECK(!settings_parse(&settings, "pool=a\0b", 8, why, sizeof why));
}

void test_settings(void) {
  test("without configuration the defaults hold");
  CHECK(parse(""));
  CHECK_TEXT(settings.socket, "/run/netnsd/netnsd.sock");
  CHECK_TEXT(settings.runtime, "");
  CHECK(settings.deadline_ms == 10000 && settings.on_failure == ON_FAILURE_FAIL);
  test("every key is read, with comments, blanks and Windows line ends");
  CHECK(parse("# c\n\n  runtime = /usr/bin/crun \r\nsocket=/s\n\tdeadline_ms\t=\t500\non_failure = empty\npool = p\ntenant = a b"));
  CHECK_TEXT(settings.runtime, "/usr/bin/crun");
  CHECK_TEXT(settings.socket, "/s");
  CHECK_TEXT(settings.pool, "p");
  CHECK_TEXT(settings.tenant, "a b");
  CHECK(settings.deadline_ms == 500 && settings.on_failure == ON_FAILURE_EMPTY);
  check_refusals();
}
