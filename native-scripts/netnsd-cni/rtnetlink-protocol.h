#ifndef NETNSD_CNI_RTNETLINK_PROTOCOL_H
#define NETNSD_CNI_RTNETLINK_PROTOCOL_H

#include <stdint.h>

/* What is used of linux/netlink.h, linux/rtnetlink.h, linux/if_link.h and linux/if_addr.h: musl's compiler does not find the kernel's headers. */

struct netlink_header {
  uint32_t length;
  uint16_t type;
  uint16_t flags;
  uint32_t sequence;
  uint32_t port;
};

/* Of an answer of the type MESSAGE_ERROR; the request's header follows. */
struct netlink_error {
  struct netlink_header header;
  int32_t error;
};

struct attribute_header {
  uint16_t length;
  uint16_t type;
};

struct link_body {
  uint8_t family;
  uint8_t padding;
  uint16_t type;
  int32_t index;
  uint32_t flags;
  uint32_t change;
};

struct address_body {
  uint8_t family;
  uint8_t prefix_length;
  uint8_t flags;
  uint8_t scope;
  uint32_t index;
};

struct route_body {
  uint8_t family;
  uint8_t destination_length;
  uint8_t source_length;
  uint8_t type_of_service;
  uint8_t table;
  uint8_t protocol;
  uint8_t scope;
  uint8_t type;
  uint32_t flags;
};

/* linux/pkt_sched.h: struct tcmsg, struct tc_ratespec, struct tc_tbf_qopt. */
struct queue_body {
  uint8_t family;
  uint8_t padding[3];
  int32_t index;
  uint32_t handle;
  uint32_t parent;
  uint32_t info;
};

struct queue_rate {
  uint8_t cell_log;
  uint8_t link_layer;
  uint16_t overhead;
  int16_t cell_align;
  uint16_t least_size;
  uint32_t rate;
};

struct queue_bucket {
  struct queue_rate rate;
  struct queue_rate peak;
  uint32_t limit;
  uint32_t buffer;
  uint32_t mtu;
};

enum { ROUTE_SOCKET = 0 };
enum { MESSAGE_ERROR = 2, NEW_LINK = 16, DELETE_LINK = 17, NEW_ADDRESS = 20, NEW_ROUTE = 24, NEW_QUEUE = 36 };
enum { FLAG_REQUEST = 0x1, FLAG_ACK = 0x4, FLAG_REPLACE = 0x100, FLAG_EXCLUSIVE = 0x200, FLAG_CREATE = 0x400 };
enum { LINK_NAME = 3, LINK_FAMILIES = 26, LINK_NETNS_FD = 28, LINK_IS_UP = 1 };
enum { ADDRESS_GENERATION = 8, GENERATION_NONE = 1 };
enum { ADDRESS_ADDRESS = 1, ADDRESS_LOCAL = 2, ADDRESS_BROADCAST = 4, ADDRESS_NO_DAD = 0x02 };
enum { ROUTE_DESTINATION = 1, ROUTE_LINK = 4, ROUTE_GATEWAY = 5 };
enum { TABLE_MAIN = 254, PROTOCOL_BOOT = 3, TYPE_UNICAST = 1 };
enum { QUEUE_KIND = 1, QUEUE_OPTIONS = 2, BUCKET_PARAMETERS = 1, BUCKET_RATE64 = 4, BUCKET_BURST = 6, LINK_LAYER_ETHERNET = 1 };
#define QUEUE_ROOT UINT32_C(0xffffffff)
#define QUEUE_HANDLE UINT32_C(0x80020000)

#endif
