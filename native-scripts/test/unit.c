#include <stdio.h>
#include <string.h>

#include "check.h"

static int count;
static int failures;
static bool passed;
static const char *current;

static void end_test(void) {
  if (current == NULL) return;
  printf("%sok %d - %s\n", passed ? "" : "not ", ++count, current);
  if (!passed) failures++;
}

void test(const char *title) {
  end_test();
  current = title;
  passed = true;
}

void check(bool holds, const char *what, const char *file, int line) {
  if (holds) return;
  printf("# %s:%d: %s\n", file, line, what);
  passed = false;
}

void check_text(const char *actual, const char *expected, const char *file, int line) {
  bool same = actual == expected || (actual != NULL && expected != NULL && strcmp(actual, expected) == 0);
  if (same) return;
  printf("# %s:%d: \"%s\" instead of \"%s\"\n", file, line, actual == NULL ? "(null)" : actual, expected == NULL ? "(null)" : expected);
  passed = false;
}

int main(void) {
  puts("TAP version 14");
  test_text();
  test_json();
  test_spec();
  test_spec_edit();
  test_shelf();
  test_bundle_write();
  test_http();
  test_arguments();
  test_settings();
  test_state();
  test_dns_files();
  test_front();
  test_cni_environment();
  test_cni_configuration();
  test_cni_result();
  test_cni_ports();
  test_netavark();
  end_test();
  printf("1..%d\n", count);
  return failures == 0 ? 0 : 1;
}
