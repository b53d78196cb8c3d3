#ifndef NETNSD_CNI_RESULT_H
#define NETNSD_CNI_RESULT_H

#include <stdbool.h>

#include "configuration.h"
#include "json.h"
#include "text.h"

/* What the result of an ADD says besides the lease. */
struct cni_result {
  enum cni_version version;
  const char *ifname;
  /* CNI_NETNS. */
  const char *sandbox;
  /* The host's end of the pair, if this network namespace has it: the bandwidth plugin looks for it. NULL: none. */
  const char *host_interface;
  /* What takes the place of the lease's DNS settings; `start` NULL: nothing. */
  struct json dns;
};

/* Adds the specification's result for a lease (or an offer), with a line break. False if the lease is malformed. */
bool cni_result_add(struct text *text, const struct cni_result *result, struct json lease);

#endif
