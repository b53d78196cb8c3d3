#include "result.h"

#include <string.h>

#include "attachment.h"
#include "check.h"
#include "pod-lease.h"

#define LEASE                                                                                                          \
  "{\"id\":\"0123456789abcdef\",\"netns\":{\"path\":\"/run/n\",\"inode\":7},\"interface\":{\"name\":\"eth0\",\"mac\":" \
  "\"0a:58:0a:d5:00:02\",\"mtu\":1450,\"hostName\":\"nd-2\"},\"addresses\":[{\"address\":\"10.213.0.2/16\",\"gateway\":" \
  "\"10.213.0.1\"}],\"routes\":[{\"destination\":\"0.0.0.0/0\",\"gateway\":\"10.213.0.1\"}],\"dns\":{\"servers\":"       \
  "[\"10.0.0.53\"],\"search\":[],\"options\":[\"ndots:1\"]}}"

static const char *result_of(struct cni_result result) {
  static char bytes[4096];
  struct text text = text_in(bytes, sizeof bytes);
  struct json lease;
  result.ifname = "net1";
  result.sandbox = "/run/netns/a \"b\"";
  if (!json_parse(LEASE, strlen(LEASE), &lease) || !cni_result_add(&text, &result, lease)) return NULL;
  return bytes;
}

static void check_results(void) {
  test("a result has the form of its version");
  CHECK_TEXT(result_of((struct cni_result){.version = CNI_1_0_0}),
             "{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"net1\",\"mac\":\"0a:58:0a:d5:00:02\",\"sandbox\":\"/run/netns/a "
             "\\\"b\\\"\"}],\"ips\":[{\"interface\":0,\"address\":\"10.213.0.2/16\",\"gateway\":\"10.213.0.1\"}],\"routes\":[{\"dst\":"
             "\"0.0.0.0/0\",\"gw\":\"10.213.0.1\"}],\"dns\":{\"nameservers\":[\"10.0.0.53\"],\"options\":[\"ndots:1\"]}}\n");
  CHECK(strstr(result_of((struct cni_result){.version = CNI_0_3_1}), "\"ips\":[{\"version\":\"4\",\"interface\":0,") != NULL);
  CHECK(strstr(result_of((struct cni_result){.version = CNI_0_4_0}), "\"ips\":[{\"version\":\"4\",\"interface\":0,") != NULL);
  CHECK(strstr(result_of((struct cni_result){.version = CNI_1_1_0}), ",\"mtu\":1450,") != NULL);
  CHECK(strstr(result_of((struct cni_result){.version = CNI_1_0_0}), "mtu") == NULL);
  test("the host's end comes before the container's, where the host has it");
  const char *text = result_of((struct cni_result){.version = CNI_1_0_0, .host_interface = "nd-2"});
  CHECK(strstr(text, "\"interfaces\":[{\"name\":\"nd-2\"},{\"name\":\"net1\"") != NULL && strstr(text, "\"interface\":1,") != NULL);
  test("DNS settings of the runtime take the place of the pool's");
  struct json dns;
  static const char wish[] = "{\"servers\":[\"1.1.1.1\"],\"searches\":[\"x\"]}";
  CHECK(json_parse(wish, strlen(wish), &dns));
  text = result_of((struct cni_result){.version = CNI_1_0_0, .dns = dns});
  CHECK(strstr(text, "\"dns\":{\"nameservers\":[\"1.1.1.1\"],\"search\":[\"x\"]}") != NULL);
}

static void check_leases(void) {
  static struct cni_lease lease;
  test("a lease says path, inode, interface and MAC");
  strcpy(lease.text, LEASE);
  CHECK(cni_lease_parse(&lease, strlen(LEASE)));
  CHECK_TEXT(lease.path, "/run/n");
  CHECK_TEXT(lease.ifname, "eth0");
  CHECK_TEXT(lease.mac, "0a:58:0a:d5:00:02");
  CHECK(lease.inode == 7);
  test("what lacks one of them is no lease");
  strcpy(lease.text, "{}");
  CHECK(!cni_lease_parse(&lease, 2));
  strcpy(lease.text, "[");
  CHECK(!cni_lease_parse(&lease, 1));
}

static bool parses(const char *text) {
  static struct cni_attachment attachment;
  return cni_attachment_parse(&attachment, text, strlen(text));
}

#define ATTACHMENT(network, delivery, target)                                                                             \
  "{\"network\":\"" network "\",\"containerId\":\"c1\",\"ifname\":\"eth0\",\"target\":\"" target "\",\"targetInode\":1,\"delivery\":\"" \
  delivery "\",\"lease\":\"\",\"mac\":\"\",\"netnsInode\":2}"

static void check_attachments(void) {
  test("an attachment's file is read as it was written, and nothing else is");
  CHECK(parses(ATTACHMENT("net", "overlay", "/a")) && parses(ATTACHMENT("net", "none", "/a")) && parses(ATTACHMENT("net", "graft", "/a")));
  CHECK(!parses(ATTACHMENT("n/t", "overlay", "/a")));
  CHECK(!parses(ATTACHMENT("net", "other", "/a")));
  CHECK(!parses(ATTACHMENT("net", "overlay", "a")));
  CHECK(!parses("{}") && !parses("") && !parses("null"));
  test("an error is the specification's object, on one line");
  struct cni_failure failure;
  char bytes[512];
  struct text text = text_in(bytes, sizeof bytes);
  cni_fail(&failure, CNI_ALREADY_ATTACHED, "a\nb %d", 1);
  strcpy(failure.details, "x\xff");
  cni_failure_add(&text, "1.0.0", &failure);
  CHECK_TEXT(bytes, "{\"cniVersion\":\"1.0.0\",\"code\":100,\"msg\":\"a?b 1\",\"details\":\"x?\"}\n");
}

void test_cni_result(void) {
  check_results();
  check_leases();
  check_attachments();
}
