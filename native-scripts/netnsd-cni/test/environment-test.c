#include "environment.h"

#include <string.h>

#include "check.h"

/* The environment of a test: names and values in turn, NULL at the end. */
static const char *const *variables;

static const char *get(const char *name) {
  for (const char *const *at = variables; *at != NULL; at += 2)
    if (strcmp(at[0], name) == 0) return at[1];
  return NULL;
}

static struct cni_environment read;
static struct cni_failure failure;

/* The code of the failure; 0: none. */
static int code_of(const char *const *given) {
  variables = given;
  failure.code = 0;
  return cni_environment_read(&read, get, &failure) ? 0 : (int)failure.code;
}

#define READ(...) code_of((const char *const[]){__VA_ARGS__, NULL})
#define ADD_WITH(...) READ("CNI_COMMAND", "ADD", "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0", "CNI_NETNS", "/run/netns/a", __VA_ARGS__)

static void check_commands(void) {
  test("a command has the variables that the specification demands of it");
  CHECK(READ("CNI_COMMAND", "ADD", "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0", "CNI_NETNS", "/run/netns/a") == 0);
  CHECK(read.command == CNI_ADD);
  CHECK_TEXT(read.container_id, "c1");
  CHECK_TEXT(read.netns, "/run/netns/a");
  CHECK(READ("CNI_COMMAND", "DEL", "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0") == 0);
  CHECK_TEXT(read.netns, "");
  CHECK(READ("CNI_COMMAND", "VERSION") == 0 && READ("CNI_COMMAND", "STATUS") == 0 && READ("CNI_COMMAND", "GC") == 0);
  test("what is missing or no command is an invalid environment");
  CHECK(READ("CNI_COMMAND", "add") == CNI_INVALID_ENVIRONMENT);
  CHECK(READ("CNI_COMMAND", "") == CNI_INVALID_ENVIRONMENT);
  CHECK(READ("X", "") == CNI_INVALID_ENVIRONMENT);
  CHECK(READ("CNI_COMMAND", "ADD", "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0") == CNI_INVALID_ENVIRONMENT);
  CHECK_TEXT(failure.message, "CNI_NETNS is missing");
  CHECK(READ("CNI_COMMAND", "CHECK", "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0") == CNI_INVALID_ENVIRONMENT);
  CHECK(READ("CNI_COMMAND", "DEL", "CNI_IFNAME", "eth0") == CNI_INVALID_ENVIRONMENT);
  CHECK(READ("CNI_COMMAND", "DEL", "CNI_CONTAINERID", "c1") == CNI_INVALID_ENVIRONMENT);
  CHECK(READ("CNI_COMMAND", "ADD", "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0", "CNI_NETNS", "run/a") == CNI_INVALID_ENVIRONMENT);
}

static void check_names(void) {
  test("names of interfaces are those that the kernel takes");
  CHECK(cni_is_ifname("eth0") && cni_is_ifname("net1") && cni_is_ifname("a.b-c_d") && cni_is_ifname("123456789012345"));
  CHECK(!cni_is_ifname("") && !cni_is_ifname(".") && !cni_is_ifname("..") && !cni_is_ifname("1234567890123456"));
  CHECK(!cni_is_ifname("a/b") && !cni_is_ifname("a b") && !cni_is_ifname("a:b") && !cni_is_ifname("eth%d") && !cni_is_ifname("\xff"));
  test("container ids and network names are those of the specification");
  CHECK(cni_is_name("a") && cni_is_name("0a_b.c-d"));
  CHECK(!cni_is_name("") && !cni_is_name(".a") && !cni_is_name("-a") && !cni_is_name("_a") && !cni_is_name("a/b") && !cni_is_name("a@b"));
  test("the key of a lease tells networks and interfaces of one container apart");
  char one[SHELF_KEY_MAX + 1];
  char other[SHELF_KEY_MAX + 1];
  CHECK(cni_key(one, "c1", "net", "eth0") && strlen(one) == strlen("c1@00000000") && strncmp(one, "c1@", 3) == 0);
  CHECK(cni_key(other, "c1", "net", "eth1") && strcmp(one, other) != 0);
  CHECK(cni_key(other, "c1", "net2", "eth0") && strcmp(one, other) != 0);
  CHECK(cni_key(other, "c1", "net", "eth0") && strcmp(one, other) == 0);
  char id[256];
  memset(id, 'x', 192);
  id[192] = '\0';
  CHECK(!cni_key(one, id, "net", "eth0"));
  id[191] = '\0';
  CHECK(cni_key(one, id, "net", "eth0"));
}

static void check_arguments(void) {
  test("CNI_ARGS say the pod's namespace");
  CHECK(ADD_WITH("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=a;K8S_POD_INFRA_CONTAINER_ID=x;K8S_POD_UID=u") == 0);
  CHECK_TEXT(read.pod_namespace, "shop");
  CHECK(ADD_WITH("CNI_ARGS", "") == 0);
  CHECK_TEXT(read.pod_namespace, "");
  CHECK(ADD_WITH("CNI_ARGS", "K8S_POD_NAMESPACE=shop;") == 0);
  test("arguments that netnsd-cni does not know are refused, unless they are to be ignored");
  CHECK(ADD_WITH("CNI_ARGS", "FOO=BAR") == CNI_INVALID_ENVIRONMENT);
  CHECK(ADD_WITH("CNI_ARGS", "FOO=BAR;IgnoreUnknown=true") == 0);
  CHECK(ADD_WITH("CNI_ARGS", "IgnoreUnknown=0;FOO=BAR") == CNI_INVALID_ENVIRONMENT);
  test("an address or a MAC for the container cannot be honoured, and is refused even then");
  CHECK(ADD_WITH("CNI_ARGS", "IgnoreUnknown=1;IP=10.0.0.2") == CNI_UNSUPPORTED_FIELD);
  CHECK(ADD_WITH("CNI_ARGS", "IgnoreUnknown=1;MAC=02:00:00:00:00:01") == CNI_UNSUPPORTED_FIELD);
  test("what is no list of arguments is refused");
  CHECK(ADD_WITH("CNI_ARGS", "FOO") == CNI_INVALID_ENVIRONMENT);
  CHECK(ADD_WITH("CNI_ARGS", "=x") == CNI_INVALID_ENVIRONMENT);
  CHECK(ADD_WITH("CNI_ARGS", ";;") == CNI_INVALID_ENVIRONMENT);
  static char text[128] = "K8S_POD_NAMESPACE=";
  memset(text + strlen(text), 'n', 65);
  CHECK(ADD_WITH("CNI_ARGS", text) == CNI_INVALID_ENVIRONMENT);
  test("a DEL does not look at the arguments of an ADD that was refused for them");
  CHECK(READ("CNI_COMMAND", "DEL", "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0", "CNI_ARGS", "FOO") == 0);
}

void test_cni_environment(void) {
  check_commands();
  check_names();
  check_arguments();
}
