#include "shelf.h"

#include <string.h>

#include "check.h"
#include "names.h"
#include "offer.h"

static const char *key_of(const char *id, const char *root) {
  static char key[SHELF_KEY_MAX + 1];
  return shelf_key(key, id, root) ? key : NULL;
}

static void check_keys(void) {
  test("a container's name on the shelf is its id, and a mark of its runtime's root");
  CHECK_TEXT(key_of("c1", ""), "c1");
  CHECK_TEXT(key_of("c1", "/"), "c1@2a0c975e");
  CHECK_TEXT(key_of("a_b+c.d-e", "/run/x"), "a_b+c.d-e@d77c1e10");
  test("ids that would be hidden or too long, and roots that the daemon refuses, have none");
  static char id[256];
  memset(id, 'x', 200);
  CHECK_TEXT(key_of(id, ""), id);
  CHECK_TEXT(key_of(id, "/"), NULL);
  memset(id, 'x', 201);
  CHECK_TEXT(key_of(id, ""), NULL);
  CHECK_TEXT(key_of(".c1", ""), NULL);
  CHECK_TEXT(key_of("..", ""), NULL);
  CHECK_TEXT(key_of("a/b", ""), NULL);
  CHECK_TEXT(key_of(NULL, ""), NULL);
  CHECK_TEXT(key_of("c1", "relative"), NULL);
  CHECK_TEXT(key_of("c1", "/\xff"), NULL);
}

static struct offer offer;

static bool reads(const char *text) { return offer_read(&offer, text, strlen(text)); }

void test_shelf(void) {
  check_keys();
  test("an offer is an endpoint, an address and a path, which may hold blanks");
  CHECK(reads("default-17 10.213.0.2/16 /run/a b/c"));
  CHECK_TEXT(offer.endpoint, "default-17");
  CHECK_TEXT(offer.address, "10.213.0.2/16");
  CHECK_TEXT(offer.path, "/run/a b/c");
  test("what is no such text is no offer");
  CHECK(!reads(""));
  CHECK(!reads("a"));
  CHECK(!reads("a b"));
  CHECK(!reads("a b "));
  CHECK(!reads(" b /c"));
  CHECK(!reads("a  /c"));
  CHECK(!reads("a b c"));
  CHECK(!reads("a/ b /c"));
  CHECK(!reads("a b /c\n"));
  CHECK(!reads("a b /c\x7f"));
  CHECK(!reads("a b /\xff"));
  CHECK(!offer_read(&offer, "a b /c\0", 7));
  CHECK(!reads("a 00000000000000000000000000000000000000000000000000000000000000000 /c"));
  test("a pool's name is plain");
  CHECK(is_plain_name("web_1.a-B") && !is_plain_name("") && !is_plain_name(".a") && !is_plain_name("a/b") && !is_plain_name("@default"));
}
