#include "ports.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
  uint8_t number;
  const char *name;
} protocols[] = {{CNI_TCP, "tcp"}, {CNI_UDP, "udp"}, {CNI_SCTP, "sctp"}};
enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };

static const char *protocol_text(const struct cni_port *port) {
  for (int i = 1; i < PROTOCOLS; i++)
    if (port->protocol == protocols[i].number) return protocols[i].name;
  return protocols[0].name;
}

size_t cni_address_size(enum cni_family family) { return family == CNI_IPV6 ? 16 : 4; }

int cni_address_domain(enum cni_family family) { return family == CNI_IPV6 ? AF_INET6 : AF_INET; }

void cni_address_text(char text[CNI_ADDRESS_TEXT_SIZE], enum cni_family family, const unsigned char *address) {
  text[0] = '\0';
  if (family != CNI_BOTH) inet_ntop(cni_address_domain(family), address, text, CNI_ADDRESS_TEXT_SIZE);
}

bool cni_port_is_of_any_address(const struct cni_port *port) {
  static const unsigned char nothing[CNI_ADDRESS_SIZE];
  return memcmp(port->host_ip, nothing, sizeof nothing) == 0;
}

void cni_port_text(char text[CNI_PORT_TEXT_SIZE], const struct cni_port *port) {
  char address[CNI_ADDRESS_TEXT_SIZE];
  cni_address_text(address, port->family, port->host_ip);
  if (cni_port_is_of_any_address(port))
    snprintf(text, CNI_PORT_TEXT_SIZE, "%u/%s", port->host_port, protocol_text(port));
  else
    snprintf(text, CNI_PORT_TEXT_SIZE, port->family == CNI_IPV6 ? "[%s]:%u/%s" : "%s:%u/%s", address, port->host_port, protocol_text(port));
}

static bool read_port(struct json entry, const char *key, uint16_t *port, struct cni_failure *failure) {
  struct json value;
  long number;
  if (json_get_as_go(entry, key, &value) != JSON_FOUND || !json_integer(value, 1, 65535, &number))
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: %s is no port from 1 to 65535", key);
  *port = (uint16_t)number;
  return true;
}

static bool read_protocol(struct json entry, uint8_t *protocol, struct cni_failure *failure) {
  struct json value;
  char text[16] = "";
  enum json_found found = json_get_as_go(entry, "protocol", &value);
  *protocol = CNI_TCP;
  if (found == JSON_MISSING) return true;
  if (found != JSON_FOUND || !json_copy(value, text, sizeof text))
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: protocol is no protocol's name");
  for (int i = 0; i < PROTOCOLS; i++) {
    if (text[0] != '\0' && strcasecmp(text, protocols[i].name) != 0) continue;
    *protocol = protocols[i].number;
    return true;
  }
  return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "portMappings: netnsd publishes ports of TCP, UDP and SCTP, not of %s", text);
}

/* An IPv4 address in the form of IPv6 is one of IPv4. */
static bool read_ipv6(struct cni_port *port, const char *text, struct cni_failure *failure) {
  static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
  static const unsigned char loopback[CNI_ADDRESS_SIZE] = {[15] = 1};
  unsigned char ip[CNI_ADDRESS_SIZE];
  if (inet_pton(AF_INET6, text, ip) != 1) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: hostIP is no address");
  if (memcmp(ip, loopback, sizeof ip) == 0)
    return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "portMappings: hostIP ::1: the kernel keeps it to sockets of the host; 127.0.0.1 is possible");
  bool four = memcmp(ip, mapped, sizeof mapped) == 0;
  port->family = four ? CNI_IPV4 : CNI_IPV6;
  memcpy(port->host_ip, four ? ip + sizeof mapped : ip, cni_address_size(port->family));
  return true;
}

static bool read_host_ip(struct json entry, struct cni_port *port, struct cni_failure *failure) {
  struct json value;
  char text[CNI_ADDRESS_TEXT_SIZE] = "";
  enum json_found found = json_get_as_go(entry, "hostIP", &value);
  port->family = CNI_BOTH;
  memset(port->host_ip, 0, sizeof port->host_ip);
  if (found == JSON_MISSING) return true;
  if (found != JSON_FOUND || !json_copy(value, text, sizeof text))
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: hostIP is no address");
  if (text[0] == '\0' || strcmp(text, "::") == 0) return true;
  if (inet_pton(AF_INET, text, port->host_ip) != 1) return read_ipv6(port, text, failure);
  port->family = CNI_IPV4;
  return true;
}

/* The one of the list that has this port of the host already; NULL: none. */
static struct cni_port *find_listed(struct cni_ports *ports, const struct cni_port *port) {
  for (size_t i = 0; i < ports->count; i++) {
    struct cni_port *other = &ports->list[i];
    bool same_address = memcmp(other->host_ip, port->host_ip, sizeof port->host_ip) == 0 &&
                        (other->family == port->family || cni_port_is_of_any_address(port));
    if (same_address && other->protocol == port->protocol && other->host_port == port->host_port) return other;
  }
  return NULL;
}

static bool add_port(struct cni_ports *ports, const struct cni_port *port, struct cni_failure *failure) {
  char text[CNI_PORT_TEXT_SIZE];
  cni_port_text(text, port);
  struct cni_port *listed = find_listed(ports, port);
  if (listed != NULL && listed->container_port != port->container_port)
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: %s leads to two ports of the container", text);
  /* Of every address, and of every IPv4 address: of every one. */
  if (listed != NULL && listed->family != port->family) listed->family = CNI_BOTH;
  if (listed != NULL) return true;
  if (ports->count == CNI_PORTS_MAX) return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "portMappings: a pod may have %d", CNI_PORTS_MAX);
  ports->list[ports->count++] = *port;
  return true;
}

bool cni_ports_read(struct cni_ports *ports, struct json list, struct cni_failure *failure) {
  struct json entry;
  const char *position = NULL;
  ports->count = 0;
  if (list.type != JSON_ARRAY) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings is no list");
  while (json_next(list, &position, NULL, &entry)) {
    struct cni_port port;
    if (entry.type != JSON_OBJECT) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "an entry of portMappings is no object");
    if (!read_port(entry, "hostPort", &port.host_port, failure) || !read_port(entry, "containerPort", &port.container_port, failure) ||
        !read_protocol(entry, &port.protocol, failure) || !read_host_ip(entry, &port, failure) || !add_port(ports, &port, failure))
      return false;
  }
  return true;
}

bool cni_ports_fit(struct cni_ports *ports, bool ipv4, bool ipv6, struct cni_failure *failure) {
  char text[CNI_PORT_TEXT_SIZE];
  for (size_t i = 0; i < ports->count; i++) {
    struct cni_port *port = &ports->list[i];
    if (port->family == CNI_BOTH && !(ipv4 && ipv6)) port->family = ipv6 ? CNI_IPV6 : CNI_IPV4;
    if (port->family == CNI_IPV6 ? ipv6 : ipv4) continue;
    cni_port_text(text, port);
    return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "portMappings: %s: the pool has no %s (subnet6 is what gives it IPv6)", text,
                    port->family == CNI_IPV6 ? "IPv6" : "IPv4");
  }
  return true;
}

void cni_ports_add(struct text *text, const struct cni_ports *ports) {
  char address[CNI_ADDRESS_TEXT_SIZE];
  text_add(text, "[");
  for (size_t i = 0; i < ports->count; i++) {
    const struct cni_port *port = &ports->list[i];
    cni_address_text(address, port->family, port->host_ip);
    text_addf(text, "%s{\"protocol\":\"%s\",\"hostIP\":\"%s\",\"hostPort\":%u,\"containerPort\":%u}", i == 0 ? "" : ",",
              protocol_text(port), address, port->host_port, port->container_port);
  }
  text_add(text, "]");
}
