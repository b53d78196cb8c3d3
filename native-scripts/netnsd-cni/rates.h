#ifndef NETNSD_CNI_RATES_H
#define NETNSD_CNI_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "json.h"

/* What a link may send: bits in a second, and bits at once after a pause, 0 for what the rate makes sensible. A rate of 0: no limit. */
struct cni_rate {
  uint64_t bits;
  uint64_t burst_bits;
};

/* Of a pod: what it receives, and what it sends. */
struct cni_rates {
  struct cni_rate ingress;
  struct cni_rate egress;
};

/*
 * Reads the capability `bandwidth`: ingressRate, ingressBurst, egressRate, egressBurst, in bits. A rate that is absent or 0 is none. The object may
 * hold anything.
 */
bool cni_rates_read(struct cni_rates *rates, struct json bandwidth, struct cni_failure *failure);

/*
 * Has the link of this name send no more, in the network namespace in which the process is. In place of what its pool has given it; the daemon
 * replaces an endpoint of which that is so. A rate of 0 changes nothing. False with a failure.
 */
bool cni_rate_set(const char *link, unsigned long mtu_bytes, const struct cni_rate *rate, struct cni_failure *failure);

#endif
