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

#define OFFER(token, path, inode, address) \
  "{\"token\":" token ",\"pool\":\"web\",\"netns\":{\"path\":" path ",\"inode\":" inode "},\"addresses\":[{\"address\":" address "}]}"

static void check_offers(void) {
  test("an offer says its token, pool, address, path and inode");
  CHECK(reads(OFFER("\"web-17.5\"", "\"/run/a b/c\"", "4026532287", "\"10.213.0.2/16\"")));
  CHECK_TEXT(offer.token, "web-17.5");
  CHECK_TEXT(offer.pool, "web");
  CHECK_TEXT(offer.address, "10.213.0.2/16");
  CHECK_TEXT(offer.path, "/run/a b/c");
  CHECK(offer.inode == 4026532287 && !offer.mount_dns);
  CHECK(reads("{\"mountDns\":true,\"token\":\"a\",\"pool\":\"b\",\"netns\":{\"path\":\"/\",\"inode\":0},\"addresses\":[{\"address\":\"c\"}]}"));
  CHECK(offer.mount_dns);
  test("what is no such text is no offer");
  CHECK(!reads(""));
  CHECK(!reads("default-17 10.213.0.2/16 /run/a"));
  CHECK(!reads("{}"));
  CHECK(!reads(OFFER("\"../x\"", "\"/c\"", "1", "\"b\"")));
  CHECK(!reads(OFFER("1", "\"/c\"", "1", "\"b\"")));
  CHECK(!reads(OFFER("\"a\"", "\"c\"", "1", "\"b\"")));
  CHECK(!reads(OFFER("\"a\"", "\"/c\\n\"", "1", "\"b\"")));
  CHECK(!reads(OFFER("\"a\"", "\"/c\x7f\"", "1", "\"b\"")));
  CHECK(!reads(OFFER("\"a\"", "\"/\xff\"", "1", "\"b\"")));
  CHECK(!reads(OFFER("\"a\"", "\"/c\"", "-1", "\"b\"")));
  CHECK(!reads(OFFER("\"a\"", "\"/c\"", "99999999999999999999", "\"b\"")));
  CHECK(!reads(OFFER("\"a\"", "\"/c\"", "1", "\"\"")));
  CHECK(!reads("{\"token\":\"a\",\"pool\":\"b\",\"netns\":{\"path\":\"/\",\"inode\":0},\"addresses\":[]}"));
  static const char with_nul[] = OFFER("\"a\"", "\"/c\"", "1", "\"b\"") "\0";
  CHECK(!offer_read(&offer, with_nul, sizeof with_nul));
}

void test_shelf(void) {
  check_keys();
  check_offers();
  test("names of pools and tenants");
  CHECK(is_plain_name("web_1.a-B") && !is_plain_name("") && !is_plain_name(".a") && !is_plain_name("a/b") && !is_plain_name("@default"));
  CHECK(is_tenant_name("a:b@c.d_e-f") && is_tenant_name("0") && !is_tenant_name("") && !is_tenant_name(".a") && !is_tenant_name("a/b"));
  CHECK(!is_tenant_name("0123456789012345678901234567890123456789012345678901234567890123x"));
}
