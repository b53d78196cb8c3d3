#ifndef NETNSD_CNI_NETFILTER_MESSAGE_H
#define NETNSD_CNI_NETFILTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtnetlink-protocol.h"

/* struct nfgenmsg of linux/netfilter/nfnetlink.h. */
struct netfilter_body {
  uint8_t family;
  uint8_t version;
  uint16_t resource;
};

enum { NETFILTER_SOCKET = 12, NETFILTER_INET = 1, NETFILTER_IPV4 = 2, NETFILTER_IPV6 = 10, FLAG_DUMP = 0x300, MESSAGE_DONE = 3, ATTRIBUTE_NEST = 0x8000, ATTRIBUTE_TYPE = 0x3fff };

/* Messages one behind another, sent at once. */
struct netfilter_request {
  union {
    struct netlink_header header;
    char bytes[49152];
  };
  size_t length;
  size_t message;
  /* The number of the first message, and of the one after the last. */
  uint32_t first;
  uint32_t next;
};

void netfilter_start(struct netfilter_request *request);

/* Begins a message; the one before ends. */
void netfilter_begin(struct netfilter_request *request, unsigned type, unsigned flags, uint8_t family, uint16_t resource);

void netfilter_put(struct netfilter_request *request, unsigned type, const void *data, size_t size);

/* Opens an attribute that holds others; closed with what is returned. */
size_t netfilter_open_nest(struct netfilter_request *request, unsigned type);
void netfilter_close_nest(struct netfilter_request *request, size_t nest);

/*
 * Sends it and calls `take` with the body of each answer that is no acknowledgement, until `acknowledgements` have come, or one answer where
 * that is 0, or a dump's end. False with the first error as errno; ETIMEDOUT.
 */
bool netfilter_transact(int fd, struct netfilter_request *request, unsigned acknowledgements,
                        void (*take)(const char *body, size_t size, void *context), void *context);

/* The value of an attribute behind one another in `data`; NULL: there is none. */
const char *netfilter_find(const char *data, size_t size, unsigned type, size_t *value_size);

#endif
