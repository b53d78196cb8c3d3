#include "configuration.h"

#include <string.h>

#include "check.h"

static struct cni_configuration read;
static struct cni_failure failure;

static int code_of(enum cni_command command, const char *text, const char *pod_namespace) {
  static struct cni_environment environment;
  environment = (struct cni_environment){.command = command};
  strcpy(environment.pod_namespace, pod_namespace);
  failure.code = 0;
  return cni_configuration_read(&read, text, strlen(text), &environment, &failure) ? 0 : (int)failure.code;
}

#define HEAD(version) "{\"cniVersion\":\"" version "\",\"name\":\"net\",\"type\":\"netnsd-cni\""
#define PLAIN(more) HEAD("1.0.0") more "}"
#define ADD_OF(text) code_of(CNI_ADD, text, "")

static void check_versions(void) {
  test("versions from 0.3.1 to 1.1.0 are served, others are incompatible");
  CHECK(ADD_OF(HEAD("0.3.1") "}") == 0 && read.version == CNI_0_3_1);
  CHECK(ADD_OF(HEAD("0.4.0") "}") == 0 && read.version == CNI_0_4_0);
  CHECK(ADD_OF(HEAD("1.1.0") "}") == 0 && read.version == CNI_1_1_0);
  CHECK(ADD_OF(HEAD("0.3.0") "}") == CNI_INCOMPATIBLE_VERSION && read.version == CNI_NEWEST);
  CHECK(ADD_OF(HEAD("2.0.0") "}") == CNI_INCOMPATIBLE_VERSION);
  CHECK(ADD_OF("{\"name\":\"net\",\"type\":\"netnsd-cni\"}") == CNI_INCOMPATIBLE_VERSION);
  test("commands of later versions are refused in earlier ones, in the earlier one's words");
  CHECK(code_of(CNI_CHECK, HEAD("0.3.1") "}", "") == CNI_INCOMPATIBLE_VERSION && read.version == CNI_0_3_1);
  CHECK(code_of(CNI_STATUS, HEAD("1.0.0") "}", "") == CNI_INCOMPATIBLE_VERSION);
  CHECK(code_of(CNI_GC, HEAD("1.0.0") "}", "") == CNI_INCOMPATIBLE_VERSION);
  CHECK(code_of(CNI_STATUS, HEAD("1.1.0") "}", "") == 0);
}

static void check_keys(void) {
  test("pool, socket and tenant have defaults");
  CHECK(ADD_OF(PLAIN("")) == 0);
  CHECK_TEXT(read.pool, "");
  CHECK_TEXT(read.socket, "/run/netnsd/netnsd.sock");
  CHECK_TEXT(read.tenant, "default");
  CHECK_TEXT(read.name, "net");
  CHECK(ADD_OF(PLAIN(",\"pool\":\"web\",\"socket\":\"/a/b\",\"tenant\":\"t\"")) == 0);
  CHECK_TEXT(read.pool, "web");
  CHECK_TEXT(read.socket, "/a/b");
  CHECK_TEXT(read.tenant, "t");
  test("the tenant \"namespace\" is the pod's namespace");
  CHECK(code_of(CNI_ADD, PLAIN(",\"tenant\":\"namespace\""), "shop") == 0);
  CHECK_TEXT(read.tenant, "shop");
  CHECK(code_of(CNI_ADD, PLAIN(",\"tenant\":\"namespace\""), "") == CNI_INVALID_ENVIRONMENT);
  CHECK(code_of(CNI_ADD, PLAIN(",\"tenant\":\"namespace\""), "-x") == CNI_INVALID_ENVIRONMENT);
  CHECK(code_of(CNI_DEL, PLAIN(",\"tenant\":\"namespace\""), "") == 0);
  test("values that are none, and keys that netnsd-cni has not, are an invalid configuration");
  CHECK(ADD_OF(PLAIN(",\"pool\":1")) == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF(PLAIN(",\"pool\":\"../x\"")) == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF(PLAIN(",\"socket\":\"x\"")) == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF(PLAIN(",\"tenant\":\"-\"")) == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF(PLAIN(",\"bridge\":\"cni0\"")) == CNI_INVALID_CONFIGURATION);
  CHECK(strstr(failure.message, "\"bridge\"") != NULL);
  CHECK(ADD_OF(PLAIN(",\"ipMasq\":true")) == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF("{\"cniVersion\":\"1.0.0\",\"name\":\"a/b\",\"type\":\"netnsd-cni\"}") == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF("{\"cniVersion\":\"1.0.0\",\"name\":\"net\"}") == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF(PLAIN(",\"pool\":\"a\",\"pool\":\"b\"")) == CNI_UNDECODABLE);
  CHECK(ADD_OF(PLAIN(",\"example.org/note\":1")) == 0);
  test("what is no JSON object cannot be decoded");
  CHECK(ADD_OF("") == CNI_UNDECODABLE && ADD_OF("[]") == CNI_UNDECODABLE && ADD_OF("{") == CNI_UNDECODABLE);
  test("a DEL takes keys of which an older plugin had no fear");
  CHECK(code_of(CNI_DEL, PLAIN(",\"bridge\":\"cni0\""), "") == 0);
}

static void check_capabilities(void) {
  test("capabilities without a wish are fine");
  CHECK(ADD_OF(PLAIN(",\"capabilities\":{\"portMappings\":true},\"runtimeConfig\":{}")) == 0);
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"portMappings\":[],\"ips\":null,\"mac\":\"\",\"bandwidth\":{}}")) == 0);
  test("wishes that would have no effect are unsupported");
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":1}]}")) == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":1,\"containerPort\":2}]}")) == 0 && read.ports.count == 1);
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"ips\":[\"10.0.0.2/16\"]}")) == CNI_UNSUPPORTED_FIELD);
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:01\"}")) == CNI_UNSUPPORTED_FIELD);
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"ipRanges\":[[{\"subnet\":\"10.0.0.0/8\"}]]}")) == CNI_UNSUPPORTED_FIELD);
  CHECK(ADD_OF(PLAIN(",\"args\":{\"cni\":{\"ips\":[\"10.0.0.2\"]}}")) == CNI_UNSUPPORTED_FIELD);
  CHECK(ADD_OF(PLAIN(",\"ipam\":{\"type\":\"host-local\"}")) == CNI_UNSUPPORTED_FIELD);
  CHECK(ADD_OF(PLAIN(",\"ipam\":{}")) == 0);
  test("rates are bits in a second, and those that are absent or 0 none");
#define BANDWIDTH(members) ADD_OF(PLAIN(",\"runtimeConfig\":{\"bandwidth\":{" members "}}"))
  CHECK(BANDWIDTH("\"ingressRate\":1000000,\"ingressBurst\":2147483647,\"egressRate\":0,\"egressBurst\":0") == 0);
  CHECK(read.rates.ingress.bits == 1000000 && read.rates.ingress.burst_bits == 2147483647 && read.rates.egress.bits == 0);
  CHECK(BANDWIDTH("\"egressRate\":1e6") == CNI_INVALID_CONFIGURATION && BANDWIDTH("\"egressRate\":-1") == CNI_INVALID_CONFIGURATION);
  CHECK(BANDWIDTH("\"egressRate\":\"1\"") == CNI_INVALID_CONFIGURATION && BANDWIDTH("\"egressRate\":7") == CNI_INVALID_CONFIGURATION);
  CHECK(BANDWIDTH("\"IngressRate\":0,\"IngressBurst\":0,\"EgressRate\":4000000,\"EgressBurst\":4294967295") == 0);
  CHECK(read.rates.egress.bits == 4000000 && read.rates.egress.burst_bits == 4294967295);
  CHECK(BANDWIDTH("\"IngressRate\":8,\"ingressRate\":8") == CNI_INVALID_CONFIGURATION);
  CHECK(BANDWIDTH("\"egressBurst\":8") == CNI_INVALID_CONFIGURATION);
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"bandwidth\":[1]}")) == CNI_INVALID_CONFIGURATION);
  test("a pod's annotation chooses the pool");
  CHECK(ADD_OF(PLAIN(",\"pool\":\"a\",\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"dev.netnsd.pool\":\"b\"}}")) == 0);
  CHECK_TEXT(read.pool, "b");
  CHECK(ADD_OF(PLAIN(",\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"dev.netnsd.pool\":\"/\"}}")) ==
        CNI_INVALID_CONFIGURATION);
  test("DNS settings of the runtime take precedence over those of the configuration");
  CHECK(ADD_OF(PLAIN(",\"dns\":{\"nameservers\":[\"1.1.1.1\"]}")) == 0 && read.dns.start != NULL);
  CHECK(ADD_OF(PLAIN(",\"dns\":{\"nameservers\":[\"a\"]},\"runtimeConfig\":{\"dns\":{\"servers\":[\"b\"]}}")) == 0);
  CHECK(memmem(read.dns.start, (size_t)(read.dns.end - read.dns.start), "servers\":[\"b", 12) != NULL);
  CHECK(ADD_OF(PLAIN(",\"dns\":{\"nameservers\":[1]}")) == CNI_INVALID_CONFIGURATION);
  test("netnsd-cni is the first plugin of its list, and CHECK has a result to compare with");
  CHECK(ADD_OF(PLAIN(",\"prevResult\":{}")) == CNI_INVALID_CONFIGURATION);
  CHECK(code_of(CNI_CHECK, PLAIN(",\"prevResult\":{}"), "") == 0 && read.prev_result.start != NULL);
  CHECK(code_of(CNI_CHECK, PLAIN(",\"prevResult\":[]"), "") == CNI_UNDECODABLE);
  test("GC without a list of what is valid is refused");
  CHECK(code_of(CNI_GC, HEAD("1.1.0") "}", "") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of(CNI_GC, HEAD("1.1.0") ",\"cni.dev/valid-attachments\":{}}", "") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of(CNI_GC, HEAD("1.1.0") ",\"cni.dev/valid-attachments\":[]}", "") == 0);
}

void test_cni_configuration(void) {
  check_versions();
  check_keys();
  check_capabilities();
}
