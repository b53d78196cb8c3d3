#ifndef NETNSD_CNI_RUNTIME_CONFIG_H
#define NETNSD_CNI_RUNTIME_CONFIG_H

#include "configuration.h"

/*
 * What the runtime asks for one pod by capabilities (CONVENTIONS.md of the CNI project), and `args`, `ipam` and `dns` of the configuration:
 * port mappings and rates are read, DNS servers go into the result, the pod annotation dev.netnsd.pool chooses the pool; what would have no effect is refused.
 */
bool cni_runtime_config_read(struct cni_configuration *configuration, struct json root, struct cni_failure *failure);

#endif
