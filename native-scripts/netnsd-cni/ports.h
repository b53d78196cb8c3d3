#ifndef NETNSD_CNI_PORTS_H
#define NETNSD_CNI_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "json.h"

enum { CNI_PORTS_MAX = 128, CNI_TCP = 6, CNI_UDP = 17 };

/* A port of the host that leads to one of the container. */
struct cni_port {
  uint8_t protocol;
  /* 0.0.0.0: every address of the host. */
  unsigned char host_ip[4];
  uint16_t host_port;
  uint16_t container_port;
};

struct cni_ports {
  size_t count;
  struct cni_port list[CNI_PORTS_MAX];
};

/*
 * Reads the capability `portMappings`: hostPort, containerPort, protocol (TCP unless it says UDP), hostIP. One that stands there twice is taken
 * once. What netnsd cannot do (SCTP, IPv6) is refused. The list may hold anything.
 */
bool cni_ports_read(struct cni_ports *ports, struct json list, struct cni_failure *failure);

/* Adds them as JSON, in the form in which they are read. */
void cni_ports_add(struct text *text, const struct cni_ports *ports);

/* `8080/tcp`, or `192.0.2.1:8080/tcp`. */
enum { CNI_PORT_TEXT_SIZE = 32 };
void cni_port_text(char text[CNI_PORT_TEXT_SIZE], const struct cni_port *port);

bool cni_port_is_of_any_address(const struct cni_port *port);

#endif
