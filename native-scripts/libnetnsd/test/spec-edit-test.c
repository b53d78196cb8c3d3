#include "spec-edit.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

/* What the daemon makes of the same texts, test/native/shelf.test.ts compares. */
static const char *edited(const char *text) {
  static struct spec_places places;
  static struct spec_edit edit;
  static char result[8192];
  const struct spec_values values = {.path = "/n/a \"b\"", .lease = "l1", .address = "10.0.0.2/16"};
  if (!spec_places_find(&places, text, strlen(text)) || !spec_edit_make(&edit, &places, &values)) return "(for the daemon)";
  size_t length = 0;
  for (int i = 0; i < edit.count; i++) {
    memcpy(result + length, edit.pieces[i].iov_base, edit.pieces[i].iov_len);
    length += edit.pieces[i].iov_len;
  }
  result[length] = '\0';
  return result;
}

static bool is_for_daemon(const char *text) { return strcmp(edited(text), "(for the daemon)") == 0; }

#define NETWORK "\"linux\":{\"namespaces\":[{\"type\":\"network\"}]}"
#define WITH(members) "{" members "," NETWORK "}"
#define ENTRIES(entries) "{\"a\":1,\"linux\":{\"namespaces\":[" entries "]}}"

static void check_layouts(void) {
  test("a compact spec stays compact, whichever of the two places comes first");
  CHECK_TEXT(edited("{" NETWORK "}"),
             "{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/n/a \\\"b\\\"\"}]},\"annotations\":"
             "{\"dev.netnsd.lease\":\"l1\",\"dev.netnsd.address\":\"10.0.0.2/16\"}}");
  CHECK_TEXT(edited(WITH("\"annotations\":{\"x\":\"y\"}")),
             "{\"annotations\":{\"x\":\"y\",\"dev.netnsd.lease\":\"l1\",\"dev.netnsd.address\":\"10.0.0.2/16\"},\"linux\":{\"namespaces\":"
             "[{\"type\":\"network\",\"path\":\"/n/a \\\"b\\\"\"}]}}");
  test("an indented spec is gone on with as its neighbours are");
  CHECK_TEXT(edited("{\r\n\t\"linux\" : {\"namespaces\": [{ \"type\" :\t\"network\" }]}\r\n}"),
             "{\r\n\t\"linux\" : {\"namespaces\": [{ \"type\" :\t\"network\", \"path\" :\t\"/n/a \\\"b\\\"\" }]},"
             "\r\n\t\"annotations\" : "
             "{\r\n\t\t\"dev.netnsd.lease\": \"l1\",\r\n\t\t\"dev.netnsd.address\": \"10.0.0.2/16\"\r\n\t}\r\n}");
  test("empty lines are not repeated, and an indentation has no more than ten characters, as in JSON.stringify");
  CHECK_TEXT(edited("{\n\n            \"linux\":{\"namespaces\":[{\"type\":\"network\"}]}}"),
             "{\n\n            \"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/n/a \\\"b\\\"\"}]},\n            \"annotations\":"
             "{\n                      \"dev.netnsd.lease\": \"l1\",\n                      \"dev.netnsd.address\": \"10.0.0.2/16\"\n"
             "            }}");
}

static void check_names(void) {
  test("what stands there already, twice, or in other letters is for the daemon");
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\",\"path\":\"\"}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\",\"path\":null}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\",\"Path\":\"\"}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\"},{\"type\":\"pid\",\"path\":null}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\"},{\"type\":\"pid\",\"path\":\"/a\",\"path\":\"/b\"}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\"},{\"type\":\"pid\",\"TYPE\":\"ipc\"}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\"},{\"type\":\"network\"}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\"},[]")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\",\"\\u0070ath\":\"\"}")));
  CHECK(is_for_daemon(ENTRIES("{\"type\":\"network\",\"x\xc5\xbf\":\"\"}")));
  CHECK(is_for_daemon(WITH("\"Mounts\":[]")));
  CHECK(is_for_daemon(WITH("\"mount\xc5\xbf\":[]")));
  CHECK(is_for_daemon(WITH("\"annotations\":{\"x\":\"y\"},\"annotations\":{\"x\":\"y\"}")));
  CHECK(is_for_daemon("{\"linux\":{\"Namespaces\":[],\"namespaces\":[{\"type\":\"network\"}]}}"));
  CHECK(!is_for_daemon(ENTRIES("{\"type\":\"network\"},{\"type\":\"pid\",\"path\":\"/a\"}")));
}

static void check_values(void) {
  test("annotations that are null, empty, no strings, or netnsd's own are for the daemon");
  CHECK(is_for_daemon(WITH("\"annotations\":null")));
  CHECK(is_for_daemon(WITH("\"annotations\":[]")));
  CHECK(is_for_daemon(WITH("\"annotations\":{}")));
  CHECK(is_for_daemon(WITH("\"annotations\":{\"x\":1}")));
  CHECK(is_for_daemon(WITH("\"annotations\":{\"dev.netnsd.lease\":\"\"}")));
  CHECK(is_for_daemon(WITH("\"annotations\":{\"dev.netnsd.\\u0041ddress\":\"\"}")));
  CHECK(is_for_daemon(WITH("\"annotations\":{\"dev.netnsd.dns\":\"true\"}")));
  test("mounts that an earlier patch may have added are for the daemon, which takes them out");
  CHECK(is_for_daemon(WITH("\"mounts\":null")));
  CHECK(is_for_daemon(WITH("\"mounts\":[null]")));
  CHECK(is_for_daemon(WITH("\"mounts\":[{\"destination\":\"/etc/hosts\",\"source\":\"/run/netnsd/dns/0123456789abcdef/hosts\"}]")));
  CHECK(is_for_daemon(WITH("\"mounts\":[{\"destination\":\"/etc/hosts\",\"source\":\"/run\\/dns\\/0123456789abcdef\\/hosts\"}]")));
  CHECK(!is_for_daemon(WITH("\"mounts\":[{\"destination\":\"/etc/hosts\",\"source\":\"/var/lib/dns/1/hosts\"}]")));
  test("a text that is no UTF-8, or whose layout is beyond all measure, is for the daemon");
  CHECK(is_for_daemon(WITH("\"a\":\"\xff\"")));
  static char wide[1024];
  snprintf(wide, sizeof wide, "{%*s\"linux\":{\"namespaces\":[{\"type\":\"network\"}]}}", 300, "");
  CHECK(is_for_daemon(wide));
}

static bool mounts(const char *text, bool hosts, bool resolv_conf) {
  static struct spec_places places;
  bool found = spec_places_find(&places, text, strlen(text));
  return found && places.mountable && places.mounts_hosts == hosts && places.mounts_resolv_conf == resolv_conf;
}

static bool is_mountable(const char *text) {
  static struct spec_places places;
  return spec_places_find(&places, text, strlen(text)) && places.mountable;
}

#define MOUNTS(destination) WITH("\"mounts\":[{\"destination\":" destination "}]")

static void check_mounts(void) {
  test("what a spec mounts at the place of a DNS file, or above but for the root, takes precedence");
  CHECK(mounts(MOUNTS("\"/proc\""), false, false));
  CHECK(mounts(MOUNTS("\"/\""), false, false));
  CHECK(mounts(MOUNTS("\"/etc/host\""), false, false));
  CHECK(mounts(MOUNTS("\"/etc/hosts.d\""), false, false));
  CHECK(mounts(MOUNTS("\"/etc/hosts\""), true, false));
  CHECK(mounts(MOUNTS("\"/etc/resolv.conf//\""), false, true));
  CHECK(mounts(MOUNTS("\"/etc/\""), true, true));
  test("DNS files are for the daemon where there are no mounts, or a destination cannot be told");
  CHECK(!is_mountable("{" NETWORK "}"));
  CHECK(!is_mountable(WITH("\"mounts\":[]")));
  CHECK(!is_mountable(MOUNTS("1")));
  CHECK(!is_mountable(WITH("\"mounts\":[{\"destination\":\"/a\",\"Destination\":\"/etc\"}]")));
  CHECK(is_mountable(WITH("\"mounts\":[{}]")));
}

void test_spec_edit(void) {
  check_mounts();
  check_layouts();
  check_names();
  check_values();
}
