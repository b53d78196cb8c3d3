#ifndef NETNSD_CNI_FLOWS_H
#define NETNSD_CNI_FLOWS_H

#include "ports.h"

/*
 * Has the kernel forget flows of UDP and SCTP to these ports of the host (`conntrack -D -p udp --dport PORT`), which would go on for as long as
 * their client sends: those that lead to `address`, when the ports do not any more; NULL: those that are not translated, which began before the
 * ports led anywhere. Of one family; on a socket of cni_netfilter_open.
 */
void cni_flows_forget(int fd, const struct cni_ports *ports, enum cni_family family, const unsigned char *address);

#endif
