#include "spec.h"

#include <string.h>

#include "check.h"

static enum spec_kind kind_of(const char *text) {
  const char *why = NULL;
  enum spec_kind kind = spec_read(text, strlen(text), &why);
  CHECK((kind == SPEC_INVALID) == (why != NULL));
  return kind;
}

#define WITH(namespaces, annotations) "{\"annotations\":" annotations ",\"linux\":{\"namespaces\":" namespaces "}}"

static void check_concerned(void) {
  test("a network namespace without a path, or with an empty one, wants an endpoint");
  CHECK(kind_of(WITH("[{\"type\":\"pid\"},{\"type\":\"network\"}]", "{}")) == SPEC_WANTS_ENDPOINT);
  CHECK(kind_of(WITH("[{\"type\":\"network\",\"path\":\"\"}]", "null")) == SPEC_WANTS_ENDPOINT);
  CHECK(kind_of(WITH("[{\"path\":null,\"type\":\"net\\u0077ork\"}]", "{\"a\":\"b\"}")) == SPEC_WANTS_ENDPOINT);
  test("the lease's annotation tells a path that netnsd wrote from any other");
  CHECK(kind_of(WITH("[{\"type\":\"network\",\"path\":\"/x\"}]", "{\"dev.netnsd.lease\":\"l\"}")) == SPEC_PATCHED_BEFORE);
  CHECK(kind_of(WITH("[{\"type\":\"network\",\"path\":\"/x\"}]", "{}")) == SPEC_PATH_SET);
}

static void check_untouched(void) {
  test("a spec without a network namespace shares the host's network");
  CHECK(kind_of("{}") == SPEC_HOST_NETWORK);
  CHECK(kind_of("{\"linux\":null}") == SPEC_HOST_NETWORK);
  CHECK(kind_of("{\"linux\":{}}") == SPEC_HOST_NETWORK);
  CHECK(kind_of(WITH("null", "{}")) == SPEC_HOST_NETWORK);
  CHECK(kind_of(WITH("[]", "{}")) == SPEC_HOST_NETWORK);
  CHECK(kind_of(WITH("[{\"type\":\"pid\"}]", "{}")) == SPEC_HOST_NETWORK);
  test("the skip annotation keeps netnsd away if it is true or 1");
  CHECK(kind_of(WITH("[{\"type\":\"network\"}]", "{\"dev.netnsd.skip\":\"true\"}")) == SPEC_SKIPPED);
  CHECK(kind_of(WITH("[{\"type\":\"network\"}]", "{\"dev.netnsd.skip\":\"1\"}")) == SPEC_SKIPPED);
  CHECK(kind_of(WITH("[{\"type\":\"network\"}]", "{\"dev.netnsd.skip\":\"false\"}")) == SPEC_WANTS_ENDPOINT);
  CHECK(kind_of(WITH("[{\"type\":\"user\"},{\"type\":\"network\"}]", "{}")) == SPEC_USER_NAMESPACE);
  CHECK(kind_of(WITH("[{\"type\":\"network\"},{\"type\":\"user\",\"path\":\"/p\"}]", "{\"a\":\"b\"}")) == SPEC_USER_NAMESPACE);
  CHECK(kind_of(WITH("[{\"type\":\"network\"},{\"type\":\"user\"}]", "{\"dev.netnsd.skip\":\"1\"}")) == SPEC_SKIPPED);
  CHECK(kind_of(WITH("[{\"type\":\"network\",\"path\":\"/p\"},{\"type\":\"user\"}]", "{}")) == SPEC_PATH_SET);
  CHECK(kind_of(WITH("[{\"type\":\"user\"}]", "{}")) == SPEC_HOST_NETWORK);
}

void test_spec(void) {
  check_concerned();
  check_untouched();
  test("a spec that runtimes could read in two ways, or not at all, is invalid");
  CHECK(kind_of("") == SPEC_INVALID);
  CHECK(kind_of("[]") == SPEC_INVALID);
  CHECK(kind_of("{\"linux\":[]}") == SPEC_INVALID);
  CHECK(kind_of("{\"linux\":{},\"linux\":{}}") == SPEC_INVALID);
  CHECK(kind_of("{\"Linux\":{}}") == SPEC_INVALID);
  CHECK(kind_of(WITH("{}", "{}")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[1]", "{}")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[{}]", "{}")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[{\"type\":1}]", "{}")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[{\"type\":\"network\"},{\"type\":\"network\"}]", "{}")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[{\"type\":\"network\",\"path\":1}]", "{}")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[{\"type\":\"network\",\"path\":\"\",\"path\":\"/x\"}]", "{}")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[{\"type\":\"network\"}]", "[]")) == SPEC_INVALID);
  CHECK(kind_of(WITH("[{\"type\":\"network\"}]", "{\"dev.netnsd.skip\":\"0\",\"dev.netnsd.skip\":\"1\"}")) == SPEC_INVALID);
}
