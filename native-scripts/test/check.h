#ifndef NETNSD_TEST_CHECK_H
#define NETNSD_TEST_CHECK_H

#include <stdbool.h>

/* A test has a sentence for its name; checks belong to the test begun last. The program prints TAP. */
void test(const char *title);
void check(bool holds, const char *what, const char *file, int line);
#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), __FILE__, __LINE__)
void check_text(const char *actual, const char *expected, const char *file, int line);

void test_text(void);
void test_json(void);
void test_spec(void);
void test_spec_edit(void);
void test_shelf(void);
void test_bundle_write(void);
void test_http(void);
void test_arguments(void);
void test_settings(void);
void test_cni_environment(void);
void test_cni_configuration(void);
void test_cni_result(void);
void test_cni_ports(void);
void test_netavark(void);
void test_state(void);
void test_dns_files(void);
void test_front(void);

#endif
