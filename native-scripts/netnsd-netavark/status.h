#ifndef NETNSD_NETAVARK_STATUS_H
#define NETNSD_NETAVARK_STATUS_H

#include "json.h"
#include "text.h"

/* Adds the status block that answers setup, from the result of netnsd-cni's ADD. False if that is none. */
bool netavark_status_add(struct text *text, const char *ifname, struct json result);

/* Adds a network as it was given to create, but for names: Podman's resolver knows of none of its containers. False if it is no object. */
bool netavark_network_add(struct text *text, struct json network);

#endif
