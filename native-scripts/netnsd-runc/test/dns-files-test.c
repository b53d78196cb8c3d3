#include "dns-files.h"

#include <string.h>

#include "check.h"

static char bytes[1024];

static const char *hosts(const char *address, const char *first, const char *second) {
  struct text text = text_in(bytes, sizeof bytes);
  struct json addresses;
  bool parsed = json_parse(address, strlen(address), &addresses);
  if (!parsed || !dns_render_hosts(&text, addresses, (const char *const[]){first, second}, 2)) return NULL;
  return bytes;
}

static const char *resolv_conf(const char *dns) {
  struct text text = text_in(bytes, sizeof bytes);
  struct json root;
  return json_parse(dns, strlen(dns), &root) && dns_render_resolv_conf(&text, root) ? bytes : NULL;
}

#define V4 "[{\"address\":\"10.213.0.2/16\",\"gateway\":\"10.213.0.1\"}]"
#define DUAL "[{\"address\":\"10.213.0.2/16\"},{\"address\":\"fd00:213::ad5:2/64\"}]"
#define LOCAL "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
#define DNS(servers, search, options) "{\"servers\":[" servers "],\"search\":[" search "],\"options\":[" options "]}"

void test_dns_files(void) {
  test("hosts has localhost, and the address with each valid name once");
  CHECK_TEXT(hosts(V4, "web", "web-1"), LOCAL "10.213.0.2\tweb web-1\n");
  CHECK_TEXT(hosts(V4, "web", "web"), LOCAL "10.213.0.2\tweb\n");
  CHECK_TEXT(hosts(V4, "", "web_1.x"), LOCAL "10.213.0.2\tweb_1.x\n");
  CHECK_TEXT(hosts(V4, "a\n10.0.0.1 evil", "job+17"), LOCAL);
  CHECK_TEXT(hosts(V4, "-a", "a-"), LOCAL);
  CHECK_TEXT(hosts(DUAL, "web", "web-1"), LOCAL "10.213.0.2\tweb web-1\nfd00:213::ad5:2\tweb web-1\n");
  CHECK_TEXT(hosts("[{}]", "web", "web-1"), NULL);
  test("resolv.conf has the settings of the offer, a line a server");
  CHECK_TEXT(resolv_conf(DNS("\"10.0.0.53\",\"fd00::53\"", "\"a.example\",\"b\"", "\"ndots:2\"")),
             "search a.example b\nnameserver 10.0.0.53\nnameserver fd00::53\noptions ndots:2\n");
  CHECK_TEXT(resolv_conf(DNS("", "", "")), "");
  test("settings of another form are for the daemon");
  CHECK_TEXT(resolv_conf("[]"), NULL);
  CHECK_TEXT(resolv_conf("{\"servers\":[]}"), NULL);
  CHECK_TEXT(resolv_conf(DNS("1", "", "")), NULL);
  CHECK_TEXT(resolv_conf(DNS("\"a\\nb\"", "", "")), NULL);
}
