#ifndef NETNSD_NETAVARK_EXEC_H
#define NETNSD_NETAVARK_EXEC_H

#include "configuration.h"
#include "environment.h"

/* What netavark says of one container and one network (NetworkPluginExec in plugin-API.md of netavark), as netnsd-cni's commands take it. */
struct netavark_exec {
  struct cni_environment environment;
  struct cni_configuration configuration;
  char container_id[CNI_NAME_MAX + 1];
  char ifname[IFNAMSIZ];
};

/*
 * Reads the options of a network (`podman network create --opt pool=web`): pool, tenant, socket, delivery. Others are refused, and so is what an
 * endpoint cannot have: subnets, routes, an internal network.
 */
bool netavark_network_read(struct cni_configuration *configuration, struct json network, struct cni_failure *failure);

/*
 * Reads what stands on stdin for setup (CNI_ADD) or teardown (CNI_DEL), which reads no more than it needs: what was set up before another
 * version refused it has to go. The text may hold anything.
 */
bool netavark_exec_read(struct netavark_exec *exec, const char *text, size_t length, enum cni_command command, const char *netns,
                        struct cni_failure *failure);

#endif
