#include "ports.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *protocol_text(const struct cni_port *port) { return port->protocol == CNI_TCP ? "tcp" : "udp"; }

bool cni_port_is_of_any_address(const struct cni_port *port) { return memcmp(port->host_ip, "\0\0\0\0", 4) == 0; }

void cni_port_text(char text[CNI_PORT_TEXT_SIZE], const struct cni_port *port) {
  const unsigned char *ip = port->host_ip;
  if (cni_port_is_of_any_address(port))
    snprintf(text, CNI_PORT_TEXT_SIZE, "%u/%s", port->host_port, protocol_text(port));
  else
    snprintf(text, CNI_PORT_TEXT_SIZE, "%u.%u.%u.%u:%u/%s", ip[0], ip[1], ip[2], ip[3], port->host_port, protocol_text(port));
}

/* containerd writes HostPort, the CNI project hostPort; Go reads both. */
static enum json_found get(struct json entry, const char *name, struct json *value) {
  enum json_found found = JSON_MISSING;
  struct json key;
  struct json member;
  const char *position = NULL;
  while (json_next(entry, &position, &key, &member)) {
    if (!json_is_named(key, name)) continue;
    if (found != JSON_MISSING) return JSON_TWICE;
    found = JSON_FOUND;
    *value = member;
  }
  return found == JSON_FOUND && value->type == JSON_NULL ? JSON_MISSING : found;
}

static bool read_port(struct json entry, const char *key, uint16_t *port, struct cni_failure *failure) {
  struct json value;
  long number;
  if (get(entry, key, &value) != JSON_FOUND || !json_integer(value, 1, 65535, &number))
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: %s is no port from 1 to 65535", key);
  *port = (uint16_t)number;
  return true;
}

static bool read_protocol(struct json entry, uint8_t *protocol, struct cni_failure *failure) {
  struct json value;
  char text[16] = "";
  enum json_found found = get(entry, "protocol", &value);
  *protocol = CNI_TCP;
  if (found == JSON_MISSING) return true;
  if (found != JSON_FOUND || !json_copy(value, text, sizeof text))
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: protocol is no protocol's name");
  if (strcasecmp(text, "udp") == 0) *protocol = CNI_UDP;
  if (text[0] == '\0' || strcasecmp(text, "tcp") == 0 || *protocol == CNI_UDP) return true;
  return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "portMappings: netnsd publishes ports of TCP and UDP, not of %s", text);
}

static bool read_host_ip(struct json entry, unsigned char ip[4], struct cni_failure *failure) {
  struct json value;
  char text[INET6_ADDRSTRLEN] = "";
  unsigned char other[16];
  enum json_found found = get(entry, "hostIP", &value);
  memset(ip, 0, 4);
  if (found == JSON_MISSING) return true;
  if (found != JSON_FOUND || !json_copy(value, text, sizeof text))
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: hostIP is no address");
  if (text[0] == '\0' || strcmp(text, "::") == 0 || inet_pton(AF_INET, text, ip) == 1) return true;
  if (inet_pton(AF_INET6, text, other) == 1)
    return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "portMappings: hostIP %s: netnsd publishes ports of IPv4 addresses", text);
  return cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: hostIP is no address");
}

/* Whether the list has this port of the host already; `same`: for the same port of the container. */
static bool is_listed(const struct cni_ports *ports, const struct cni_port *port, bool *same) {
  for (size_t i = 0; i < ports->count; i++) {
    const struct cni_port *other = &ports->list[i];
    bool equal = other->protocol == port->protocol && other->host_port == port->host_port && memcmp(other->host_ip, port->host_ip, 4) == 0;
    if (equal) *same = other->container_port == port->container_port;
    if (equal) return true;
  }
  return false;
}

static bool add_port(struct cni_ports *ports, const struct cni_port *port, struct cni_failure *failure) {
  char text[CNI_PORT_TEXT_SIZE];
  bool same = false;
  cni_port_text(text, port);
  if (is_listed(ports, port, &same))
    return same || cni_fail(failure, CNI_INVALID_CONFIGURATION, "portMappings: %s leads to two ports of the container", text);
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
        !read_protocol(entry, &port.protocol, failure) || !read_host_ip(entry, port.host_ip, failure) || !add_port(ports, &port, failure))
      return false;
  }
  return true;
}

void cni_ports_add(struct text *text, const struct cni_ports *ports) {
  text_add(text, "[");
  for (size_t i = 0; i < ports->count; i++) {
    const struct cni_port *port = &ports->list[i];
    const unsigned char *ip = port->host_ip;
    text_addf(text, "%s{\"protocol\":\"%s\",\"hostIP\":\"%u.%u.%u.%u\",\"hostPort\":%u,\"containerPort\":%u}", i == 0 ? "" : ",",
              protocol_text(port), ip[0], ip[1], ip[2], ip[3], port->host_port, port->container_port);
  }
  text_add(text, "]");
}
