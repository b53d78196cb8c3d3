#ifndef NETNSD_CNI_PORTS_H
#define NETNSD_CNI_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "json.h"

enum { CNI_PORTS_MAX = 128, CNI_TCP = 6, CNI_UDP = 17, CNI_SCTP = 132 };

/* Of which addresses of the host a port is. */
enum cni_family { CNI_BOTH, CNI_IPV4, CNI_IPV6 };
/* Bytes of the larger kind of address, and of one as text. */
enum { CNI_ADDRESS_SIZE = 16, CNI_ADDRESS_TEXT_SIZE = 46 };

/* A port of the host that leads to one of the container. */
struct cni_port {
  uint8_t protocol;
  enum cni_family family;
  /* IPv4 takes the first four bytes. All zero: every address of its family, which CNI_BOTH always is. */
  unsigned char host_ip[CNI_ADDRESS_SIZE];
  uint16_t host_port;
  uint16_t container_port;
};

struct cni_ports {
  size_t count;
  struct cni_port list[CNI_PORTS_MAX];
};

/*
 * Reads the capability `portMappings`: hostPort, containerPort, protocol (TCP unless it says UDP or SCTP), hostIP ("0.0.0.0": every IPv4 address,
 * "" or "::": every address). One that stands there twice is taken once. What netnsd cannot do is refused. The list may hold anything.
 */
bool cni_ports_read(struct cni_ports *ports, struct json list, struct cni_failure *failure);

/* What is of both families becomes what a container can have that has addresses of these. False for a port of another family. */
bool cni_ports_fit(struct cni_ports *ports, bool ipv4, bool ipv6, struct cni_failure *failure);

/* Adds them as JSON, in the form in which they are read. */
void cni_ports_add(struct text *text, const struct cni_ports *ports);

/* `8080/tcp`, `192.0.2.1:8080/tcp` or `[2001:db8::1]:8080/tcp`. */
enum { CNI_PORT_TEXT_SIZE = 64 };
void cni_port_text(char text[CNI_PORT_TEXT_SIZE], const struct cni_port *port);

bool cni_port_is_of_any_address(const struct cni_port *port);

/* An address as text; of CNI_BOTH nothing. */
void cni_address_text(char text[CNI_ADDRESS_TEXT_SIZE], enum cni_family family, const unsigned char *address);

/* 4 or 16 bytes. */
size_t cni_address_size(enum cni_family family);

/* AF_INET or AF_INET6. */
int cni_address_domain(enum cni_family family);

#endif
