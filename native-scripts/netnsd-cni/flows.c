#include "flows.h"

#include <string.h>

#include "netfilter-message.h"

/* linux/netfilter/nfnetlink_conntrack.h; the subsystem is 1. */
enum { GET_FLOW = 0x101, DELETE_FLOW = 0x102, FLOWS_MAX = 64 };
enum { FLOW_ORIGINAL = 1, FLOW_REPLY = 2, FLOW_ZONE = 18, FLOW_ID = 12 };
enum { TUPLE_IP = 1, TUPLE_PROTOCOL = 2, IP_SOURCE = 1, IP_DESTINATION = 2, IP6_SOURCE = 3, IP6_DESTINATION = 4, PROTOCOL_NUMBER = 1, PROTOCOL_DESTINATION_PORT = 3 };

struct flow {
  char original[128];
  size_t size;
  char id[4];
  char zone[2];
  bool has_zone;
};

struct found {
  const struct cni_ports *ports;
  enum cni_family family;
  const unsigned char *address;
  struct flow flows[FLOWS_MAX];
  size_t count;
};

static const char *inner(const char *data, size_t size, unsigned outer, unsigned type, size_t wanted) {
  size_t length = 0;
  const char *nest = netfilter_find(data, size, outer, &length);
  const char *value = nest == NULL ? NULL : netfilter_find(nest, length, type, &length);
  return value != NULL && length == wanted ? value : NULL;
}

static bool is_wanted(const char *tuple, size_t size, const struct cni_ports *ports) {
  const char *number = inner(tuple, size, TUPLE_PROTOCOL, PROTOCOL_NUMBER, 1);
  const unsigned char *port = (const unsigned char *)inner(tuple, size, TUPLE_PROTOCOL, PROTOCOL_DESTINATION_PORT, 2);
  if (number == NULL || port == NULL || (uint8_t)*number == CNI_TCP) return false;
  for (size_t i = 0; i < ports->count; i++)
    if (ports->list[i].protocol == (uint8_t)*number && ports->list[i].host_port == (port[0] << 8 | port[1])) return true;
  return false;
}

/* Untranslated: the answer comes from where the question goes to, and goes to where it comes from. */
static bool is_over(const struct found *found, const char *original, size_t size, const char *reply, size_t reply_size) {
  size_t length = cni_address_size(found->family);
  bool six = found->family == CNI_IPV6;
  unsigned source = six ? IP6_SOURCE : IP_SOURCE;
  unsigned destination = six ? IP6_DESTINATION : IP_DESTINATION;
  const char *to = inner(original, size, TUPLE_IP, destination, length);
  const char *from = inner(original, size, TUPLE_IP, source, length);
  const char *reply_from = inner(reply, reply_size, TUPLE_IP, source, length);
  const char *reply_to = inner(reply, reply_size, TUPLE_IP, destination, length);
  if (found->address != NULL) return reply_from != NULL && memcmp(reply_from, found->address, length) == 0;
  return to != NULL && from != NULL && reply_from != NULL && reply_to != NULL && memcmp(to, reply_from, length) == 0 &&
         memcmp(from, reply_to, length) == 0;
}

static void take(const char *body, size_t size, void *context) {
  struct found *found = context;
  const char *data = body + sizeof(struct netfilter_body);
  size_t data_size = size - sizeof(struct netfilter_body);
  size_t original_size = 0;
  size_t reply_size = 0;
  size_t value_size = 0;
  const char *original = netfilter_find(data, data_size, FLOW_ORIGINAL, &original_size);
  const char *reply = netfilter_find(data, data_size, FLOW_REPLY, &reply_size);
  const char *id = netfilter_find(data, data_size, FLOW_ID, &value_size);
  struct flow *flow = &found->flows[found->count];
  if (found->count == FLOWS_MAX || original == NULL || reply == NULL || id == NULL || value_size != sizeof flow->id) return;
  if (original_size > sizeof flow->original || !is_wanted(original, original_size, found->ports)) return;
  if (!is_over(found, original, original_size, reply, reply_size)) return;
  memcpy(flow->original, original, original_size);
  flow->size = original_size;
  memcpy(flow->id, id, sizeof flow->id);
  const char *zone = netfilter_find(data, data_size, FLOW_ZONE, &value_size);
  flow->has_zone = zone != NULL && value_size == sizeof flow->zone;
  if (flow->has_zone) memcpy(flow->zone, zone, sizeof flow->zone);
  found->count++;
}

static uint8_t protocol_family(enum cni_family family) { return family == CNI_IPV6 ? NETFILTER_IPV6 : NETFILTER_IPV4; }

static void forget(int fd, enum cni_family family, const struct flow *flow) {
  static struct netfilter_request request;
  netfilter_start(&request);
  netfilter_begin(&request, DELETE_FLOW, FLAG_ACK, protocol_family(family), 0);
  netfilter_put(&request, FLOW_ORIGINAL | ATTRIBUTE_NEST, flow->original, flow->size);
  netfilter_put(&request, FLOW_ID, flow->id, sizeof flow->id);
  if (flow->has_zone) netfilter_put(&request, FLOW_ZONE, flow->zone, sizeof flow->zone);
  netfilter_transact(fd, &request, 1, NULL, NULL);
}

void cni_flows_forget(int fd, const struct cni_ports *ports, enum cni_family family, const unsigned char *address) {
  static struct netfilter_request request;
  static struct found found;
  bool any = false;
  for (size_t i = 0; i < ports->count; i++) any = any || ports->list[i].protocol != CNI_TCP;
  if (!any) return;
  /* Of more than are kept in one walk, the next walk finds the rest. */
  do {
    found = (struct found){.ports = ports, .family = family, .address = address};
    netfilter_start(&request);
    netfilter_begin(&request, GET_FLOW, FLAG_DUMP, protocol_family(family), 0);
    if (!netfilter_transact(fd, &request, 0, take, &found)) return;
    for (size_t i = 0; i < found.count; i++) forget(fd, family, &found.flows[i]);
  } while (found.count == FLOWS_MAX);
}
