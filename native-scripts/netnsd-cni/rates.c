#include "rates.h"

#include <errno.h>
#include <net/if.h>
#include <unistd.h>

#include "rtnetlink.h"

static bool read_bits(struct json bandwidth, const char *key, uint64_t *bits, struct cni_failure *failure) {
  struct json value;
  enum json_found found = json_get_as_go(bandwidth, key, &value);
  *bits = 0;
  if (found == JSON_MISSING) return true;
  return (found == JSON_FOUND && json_unsigned(value, bits)) ||
         cni_fail(failure, CNI_INVALID_CONFIGURATION, "bandwidth: %s is no number of bits", key);
}

static bool read_rate(struct json bandwidth, const char *rate_key, const char *burst_key, struct cni_rate *rate, struct cni_failure *failure) {
  /* In bytes the kernel's smallest rate is 1. */
  enum { LEAST = 8 };
  if (!read_bits(bandwidth, rate_key, &rate->bits, failure) || !read_bits(bandwidth, burst_key, &rate->burst_bits, failure)) return false;
  if (rate->bits == 0 && rate->burst_bits > 0) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "bandwidth: %s without %s", burst_key, rate_key);
  return rate->bits == 0 || rate->bits >= LEAST ||
         cni_fail(failure, CNI_INVALID_CONFIGURATION, "bandwidth: %s is less than %d bits in a second", rate_key, LEAST);
}

bool cni_rates_read(struct cni_rates *rates, struct json bandwidth, struct cni_failure *failure) {
  if (bandwidth.type != JSON_OBJECT) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "bandwidth is no object");
  return read_rate(bandwidth, "ingressRate", "ingressBurst", &rates->ingress, failure) &&
         read_rate(bandwidth, "egressRate", "egressBurst", &rates->egress, failure);
}

bool cni_rate_set(const char *link, unsigned long mtu_bytes, const struct cni_rate *rate, struct cni_failure *failure) {
  if (rate->bits == 0) return true;
  unsigned index = if_nametoindex(link);
  int fd = index == 0 ? -1 : cni_rtnetlink_open();
  bool set = fd >= 0 && cni_link_limit(fd, index, rate->bits / 8, rate->burst_bits / 8, mtu_bytes);
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return set || cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the rate of %s cannot be limited", link);
}
