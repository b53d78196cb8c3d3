#include <string.h>

#include "check.h"
#include "attachment.h"
#include "listeners.h"
#include "ports.h"

static struct cni_ports ports;

/* The code of the failure, or 0. */
static int code_of(const char *text) {
  struct cni_failure failure;
  struct json list;
  if (!json_parse(text, strlen(text), &list)) return -1;
  return cni_ports_read(&ports, list, &failure) ? 0 : (int)failure.code;
}

static const char *only(const char *text) {
  static char printed[CNI_PORT_TEXT_SIZE];
  if (code_of(text) != 0 || ports.count != 1) return "none";
  cni_port_text(printed, &ports.list[0]);
  return printed;
}

static void check_reading(void) {
  test("a port mapping is of TCP and of every address of the host, unless it says otherwise");
  CHECK_TEXT(only("[{\"hostPort\":8080,\"containerPort\":80}]"), "8080/tcp");
  CHECK(ports.list[0].container_port == 80);
  CHECK_TEXT(only("[{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"UDP\",\"hostIP\":\"192.0.2.1\"}]"), "192.0.2.1:8080/udp");
  CHECK_TEXT(only("[{\"HostPort\":1,\"ContainerPort\":65535,\"Protocol\":\"\",\"HostIP\":\"\"}]"), "1/tcp");
  CHECK_TEXT(only("[{\"hostPort\":1,\"containerPort\":1,\"hostIP\":\"::\"}]"), "1/tcp");
  CHECK(ports.list[0].family == CNI_BOTH);
  CHECK_TEXT(only("[{\"hostPort\":1,\"containerPort\":2,\"protocol\":\"sctp\",\"hostIP\":\"2001:db8::1\"}]"), "[2001:db8::1]:1/sctp");
  CHECK_TEXT(only("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"::ffff:192.0.2.1\"}]"), "192.0.2.1:1/tcp");
  test("what stands there twice is taken once, and one port cannot lead to two");
  CHECK_TEXT(only("[{\"hostPort\":1,\"containerPort\":2},{\"hostPort\":1,\"containerPort\":2,\"protocol\":\"tcp\"}]"), "1/tcp");
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2},{\"hostPort\":1,\"containerPort\":3}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2},{\"hostPort\":1,\"containerPort\":3,\"protocol\":\"udp\"}]") == 0 && ports.count == 2);
  CHECK_TEXT(only("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"0.0.0.0\"},{\"hostPort\":1,\"containerPort\":2}]"), "1/tcp");
  CHECK(ports.list[0].family == CNI_BOTH);
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"0.0.0.0\"},{\"hostPort\":1,\"containerPort\":3}]") == CNI_INVALID_CONFIGURATION);
  test("a port is of those families that the container has");
  struct cni_failure failure;
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2}]") == 0 && cni_ports_fit(&ports, true, true, &failure) && ports.list[0].family == CNI_BOTH);
  CHECK(cni_ports_fit(&ports, true, false, &failure) && ports.list[0].family == CNI_IPV4);
  CHECK(!cni_ports_fit(&ports, false, true, &failure) && failure.code == CNI_UNSUPPORTED_FIELD);
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"2001:db8::1\"}]") == 0 && !cni_ports_fit(&ports, true, false, &failure));
  CHECK_TEXT(failure.message, "portMappings: [2001:db8::1]:1/tcp: the pool has no IPv6 (subnet6 is what gives it IPv6)");
  test("what netnsd cannot do is refused, and so is what is no mapping");
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2,\"protocol\":\"icmp\"}]") == CNI_UNSUPPORTED_FIELD);
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"::1\"}]") == CNI_UNSUPPORTED_FIELD);
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"fe80::1%eth0\"}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"host\"}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[{\"hostPort\":0,\"containerPort\":2}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[{\"hostPort\":65536,\"containerPort\":2}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[{\"hostPort\":\"1\",\"containerPort\":2}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[{\"hostPort\":1}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[{\"HostPort\":1,\"hostPort\":1,\"containerPort\":2}]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("[1]") == CNI_INVALID_CONFIGURATION);
  CHECK(code_of("{}") == CNI_INVALID_CONFIGURATION);
}

static void check_listing(void) {
  char many[CNI_PORTS_MAX * 64];
  struct text text = text_in(many, sizeof many);
  test("ports are written in the form in which they are read, up to as many as a pod may have");
  text_add(&text, "[");
  for (int i = 1; i <= CNI_PORTS_MAX; i++) text_addf(&text, "%s{\"hostPort\":%d,\"containerPort\":%d}", i > 1 ? "," : "", i, i);
  size_t length = text.length;
  text_add(&text, "]");
  CHECK(code_of(many) == 0 && ports.count == CNI_PORTS_MAX);
  static char written[CNI_PORTS_MAX * 128];
  struct text again = text_in(written, sizeof written);
  cni_ports_add(&again, &ports);
  CHECK(!again.overflow && code_of(written) == 0 && ports.count == CNI_PORTS_MAX);
  many[length] = '\0';
  strcpy(many + length, ",{\"hostPort\":60000,\"containerPort\":1}]");
  CHECK(code_of(many) == CNI_UNSUPPORTED_FIELD);
}

/* Whether a line of /proc/net is in the way of this port. */
static bool in_way(const char *line, bool six, uint8_t protocol, const char *port) {
  return code_of(port) == 0 && cni_port_heard(line, six, protocol, &ports) != NULL;
}

static void check_listeners(void) {
  static const char any[] = "[{\"hostPort\":8080,\"containerPort\":1}]";
  static const char at[] = "[{\"hostPort\":8080,\"containerPort\":1,\"hostIP\":\"192.0.2.1\"}]";
  static const char udp[] = "[{\"hostPort\":8080,\"containerPort\":1,\"protocol\":\"udp\"}]";
  test("a socket that listens at the port is in its way, one that is connected is not");
  CHECK(in_way("   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000", false, CNI_TCP, any));
  CHECK(in_way("   0: 0100007F:1F90 00000000:0000 0A 0", false, CNI_TCP, any));
  CHECK(!in_way("   0: 0100007F:1F90 00000000:0000 0A 0", false, CNI_TCP, at));
  CHECK(in_way("   0: 010200C0:1F90 00000000:0000 0A 0", false, CNI_TCP, at));
  CHECK(!in_way("   0: 010200C0:1F90 020200C0:9999 01 0", false, CNI_TCP, at));
  CHECK(!in_way("   0: 00000000:1F91 00000000:0000 0A 0", false, CNI_TCP, any));
  CHECK(in_way("  10: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0", true, CNI_TCP, at));
  CHECK(in_way("  10: 0000000000000000FFFF0000010200C0:1F90 00000000000000000000000000000000:0000 0A 0", true, CNI_TCP, at));
  CHECK(!in_way("  10: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0", true, CNI_TCP, any));
  CHECK(in_way("  10: 00000000:1F90 00000000:0000 07 0", false, CNI_UDP, udp));
  CHECK(!in_way("  10: 00000000:1F90 010200C0:0035 01 0", false, CNI_UDP, udp));
  static const char six[] = "[{\"hostPort\":8080,\"containerPort\":1,\"hostIP\":\"2001:db8::1\"}]";
  static const char at_six[] = "  10: B80D0120000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0";
  CHECK(in_way(at_six, true, CNI_TCP, six) && in_way(at_six, true, CNI_TCP, any) && !in_way(at_six, true, CNI_TCP, at));
  CHECK(!in_way("   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000", false, CNI_TCP, six));
  static const char sctp[] = "[{\"hostPort\":8080,\"containerPort\":1,\"protocol\":\"sctp\",\"hostIP\":\"192.0.2.1\"}]";
  CHECK(code_of(sctp) == 0);
  CHECK(cni_port_heard_by_sctp(" 0 0 2   10  29   8080  0 12345 192.0.2.9 192.0.2.1 \n", &ports) != NULL);
  CHECK(cni_port_heard_by_sctp(" 0 0 2   10  29   8080  0 12345 0.0.0.0 \n", &ports) != NULL);
  CHECK(cni_port_heard_by_sctp(" 0 0 2   10  29   8080  0 12345 192.0.2.9 \n", &ports) == NULL);
  CHECK(cni_port_heard_by_sctp(" 0 0 2   7   29   8080  0 12345 192.0.2.1 \n", &ports) == NULL);
  CHECK(cni_port_heard_by_sctp(" ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n", &ports) == NULL);
  CHECK(!in_way("  sl  local_address rem_address   st tx_queue", false, CNI_TCP, any));
}

static void check_attachment(void) {
  static struct cni_attachment attachment;
#define ATTACHED(more)                                                                                                               \
  "{\"network\":\"n\",\"containerId\":\"c\",\"ifname\":\"eth0\",\"target\":\"/n\",\"targetInode\":1,\"delivery\":\"overlay\",\"lease\":\"\"," \
  "\"mac\":\"\",\"netnsInode\":2" more "}"
#define PARSED(more) cni_attachment_parse(&attachment, ATTACHED(more), strlen(ATTACHED(more)))
  test("an attachment has ports, with the address to which they lead, or none");
  CHECK(PARSED("") && attachment.ports.count == 0);
  CHECK(PARSED(",\"address\":\"10.213.0.2\",\"ports\":[{\"hostPort\":1,\"containerPort\":2}]") && attachment.ports.count == 1);
  CHECK(!PARSED(",\"ports\":[{\"hostPort\":1,\"containerPort\":2}]"));
  CHECK(PARSED(",\"address6\":\"fd00::2\",\"ports\":[{\"hostPort\":1,\"containerPort\":2}]") && attachment.ports.list[0].family == CNI_IPV6);
  CHECK(!PARSED(",\"address\":\"10.213.0.2\",\"address6\":\"x\",\"ports\":[{\"hostPort\":1,\"containerPort\":2}]"));
  CHECK(!PARSED(",\"address\":\"10.213.0\",\"ports\":[{\"hostPort\":1,\"containerPort\":2}]"));
  CHECK(!PARSED(",\"address\":\"10.213.0.2\",\"ports\":[{}]"));
}

void test_cni_ports(void) {
  check_reading();
  check_listing();
  check_listeners();
  check_attachment();
}
