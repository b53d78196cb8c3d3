#include <string.h>

#include "check.h"
#include "exec.h"
#include "status.h"

static struct netavark_exec exec;

#define EXEC(network, options, more) \
  "{\"container_id\":\"c1\",\"network\":{\"name\":\"pods\"" network "},\"network_options\":{\"interface_name\":\"" options "\"}" more "}"

/* The code of the failure, or 0. */
static int code_of(enum cni_command command, const char *text) {
  struct cni_failure failure;
  return netavark_exec_read(&exec, text, strlen(text), command, "/run/netns/a", &failure) ? 0 : (int)failure.code;
}

static void check_exec(void) {
  test("what netavark says of a container is what netnsd-cni takes");
  CHECK(code_of(CNI_ADD, EXEC(",\"options\":{\"pool\":\"web\",\"delivery\":\"overlay\"}", "eth0", "")) == 0);
  CHECK_TEXT(exec.environment.container_id, "c1");
  CHECK_TEXT(exec.environment.ifname, "eth0");
  CHECK_TEXT(exec.configuration.name, "netavark.pods");
  CHECK_TEXT(exec.configuration.pool, "web");
  CHECK_TEXT(exec.configuration.tenant, "default");
  CHECK(!exec.configuration.graft && exec.configuration.ports_are_held);
  test("without options the interface is grafted: a container may have other networks");
  CHECK(code_of(CNI_ADD, EXEC(",\"options\":null", "eth0", "")) == 0 && exec.configuration.graft);
  test("a range of ports, and two protocols, are as many mappings; other networks than the first have none");
#define RANGE ",\"port_mappings\":[{\"host_port\":8000,\"container_port\":80,\"protocol\":\"tcp,udp\",\"range\":3,\"host_ip\":\"\"}]"
  CHECK(code_of(CNI_ADD, EXEC("", "eth0", RANGE)) == 0 && exec.configuration.ports.count == 6);
  CHECK(exec.configuration.ports.list[5].host_port == 8002 && exec.configuration.ports.list[5].container_port == 82);
  CHECK(code_of(CNI_ADD, EXEC("", "net0", RANGE)) == 0 && exec.configuration.ports.count == 6);
  CHECK(code_of(CNI_ADD, EXEC("", "eth1", RANGE)) == 0 && exec.configuration.ports.count == 0);
  test("teardown does not mind what setup refuses");
  CHECK(code_of(CNI_ADD, EXEC(",\"subnets\":[1]", "eth0", "")) == CNI_UNSUPPORTED_FIELD);
  CHECK(code_of(CNI_DEL, EXEC(",\"subnets\":[1]", "eth0", ",\"port_mappings\":3")) == 0);
  test("what is no request is refused");
  CHECK(code_of(CNI_ADD, "[]") == CNI_UNDECODABLE);
  CHECK(code_of(CNI_ADD, "{}") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of(CNI_ADD, EXEC("", "", "")) == CNI_INVALID_CONFIGURATION);
  CHECK(code_of(CNI_ADD, EXEC(",\"options\":{\"pool\":1}", "eth0", "")) == CNI_INVALID_CONFIGURATION);
}

static void check_status(void) {
  char bytes[512];
  struct text text = text_in(bytes, sizeof bytes);
  struct json root;
  static const char result[] =
      "{\"interfaces\":[{\"name\":\"nb\",\"mac\":\"a\"},{\"name\":\"eth0\",\"mac\":\"b\",\"sandbox\":\"/n\"}],"
      "\"ips\":[{\"address\":\"10.0.0.2/8\",\"gateway\":\"10.0.0.1\"},{\"address\":\"fd00::2/64\"}],\"dns\":{\"nameservers\":[\"1.1.1.1\"]}}";
  test("the status has the container's interface, with a gateway where there is one");
  CHECK(json_parse(result, sizeof result - 1, &root) && netavark_status_add(&text, "eth0", root));
  CHECK_TEXT(bytes, "{\"dns_search_domains\":[],\"dns_server_ips\":[\"1.1.1.1\"],\"interfaces\":{\"eth0\":{\"mac_address\":\"b\",\"subnets\":["
                    "{\"ipnet\":\"10.0.0.2/8\",\"gateway\":\"10.0.0.1\"},{\"ipnet\":\"fd00::2/64\"}]}}}\n");
}

void test_netavark(void) {
  check_exec();
  check_status();
}
