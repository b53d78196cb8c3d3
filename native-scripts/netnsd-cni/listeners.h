#ifndef NETNSD_CNI_LISTENERS_H
#define NETNSD_CNI_LISTENERS_H

#include "ports.h"

/*
 * False, with a failure, if a socket of this network namespace listens where one of these ports of the host would lead away from it. A UDP
 * socket that is connected hears its peer in any case, and does not count.
 */
bool cni_ports_are_free(const struct cni_ports *ports, struct cni_failure *failure);

/* The port that a line of /proc/net/sctp/eps has taken: the addresses of the socket stand at its end. NULL: none of them. */
const struct cni_port *cni_port_heard_by_sctp(const char *line, const struct cni_ports *ports);

/* The port that a line of /proc/net/tcp, tcp6, udp or udp6 has taken; NULL: none of them. */
const struct cni_port *cni_port_heard(const char *line, bool six, uint8_t protocol, const struct cni_ports *ports);

#endif
