#include <string.h>

#include "check.h"
#include "hook.h"

static struct hook_state state;

static const char *read_text(const char *text) {
  const char *why = "";
  bool done = hook_state_read(&state, text, strlen(text), &why);
  CHECK(done == (why == NULL));
  return why;
}

void test_state(void) {
  test("a state gives id, pid, bundle and what its annotations ask for");
  CHECK_TEXT(read_text("{\"ociVersion\":\"1.0.2\",\"id\":\"c\",\"status\":\"creating\",\"pid\":42,\"bundle\":\"/b\","
                       "\"annotations\":{\"dev.netnsd.pool\":\"p\",\"dev.netnsd.tenant\":\"t\",\"x\":\"y\"}}"),
             NULL);
  CHECK_TEXT(state.id, "c");
  CHECK_TEXT(state.bundle, "/b");
  CHECK_TEXT(state.pool, "p");
  CHECK_TEXT(state.tenant, "t");
  CHECK(state.pid == 42 && !state.skip);
  test("a state after the end has no pid");
  CHECK_TEXT(read_text("{\"id\":\"c\",\"bundle\":\"/b\",\"annotations\":{\"dev.netnsd.skip\":\"true\"}}"), NULL);
  CHECK(state.pid == 0 && state.skip);
  CHECK_TEXT(read_text("{\"id\":\"c\",\"pid\":0,\"bundle\":\"/b\"}"), NULL);
  test("a state that cannot be used says why");
  CHECK_TEXT(read_text(""), "it is not valid JSON");
  CHECK_TEXT(read_text("[]"), "it is not a JSON object");
  CHECK_TEXT(read_text("{\"pid\":1,\"bundle\":\"/b\"}"), "its id is no container's id");
  CHECK_TEXT(read_text("{\"id\":\"../c\",\"pid\":1,\"bundle\":\"/b\"}"), "its id is no container's id");
  CHECK_TEXT(read_text("{\"id\":\"c\",\"pid\":-1,\"bundle\":\"/b\"}"), "its pid is no process id");
  CHECK_TEXT(read_text("{\"id\":\"c\",\"pid\":4194305,\"bundle\":\"/b\"}"), "its pid is no process id");
  CHECK_TEXT(read_text("{\"id\":\"c\",\"pid\":1,\"pid\":2,\"bundle\":\"/b\"}"), "its pid is no process id");
  CHECK_TEXT(read_text("{\"id\":\"c\",\"pid\":1,\"bundle\":\"b\"}"), "its bundle is no absolute path");
  CHECK_TEXT(read_text("{\"id\":\"c\",\"pid\":1,\"bundle\":\"/b\",\"annotations\":[]}"),
             "its annotations for netnsd are malformed or too long");
}
