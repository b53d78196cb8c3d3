/*
 * Just enough rtnetlink for the reference: requests are written one after another into one buffer and sent together;
 * only the last one asks for an acknowledgement, because the kernel reports errors of the others anyway and handles
 * the messages of one send in order. See rtnetlink(7), netlink(7) and linux/netlink.h.
 */
#ifndef NETNSD_BENCH_RTNETLINK_H
#define NETNSD_BENCH_RTNETLINK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FAIL(...)                                     \
  do {                                                \
    int errno_ = errno;                               \
    fprintf(stderr, "%s: ", program_invocation_name); \
    fprintf(stderr, __VA_ARGS__);                     \
    fprintf(stderr, ": %s\n", strerror(errno_));      \
    exit(1);                                          \
  } while (0)

static char batch[1 << 18] __attribute__((aligned(NLMSG_ALIGNTO)));
static size_t batch_bytes;
static struct nlmsghdr *message; /* the one being written */
static unsigned sequence;
static int *echoed_index; /* where the index of the next link that a reply describes goes; NULL: nowhere */

/* Appends `bytes` of `data` (zeroes where it is NULL) to the current message and returns where they stand. */
static void *put(const void *data, size_t bytes) {
  char *to = (char *)message + NLMSG_ALIGN(message->nlmsg_len);
  if (to + NLMSG_ALIGN(bytes) > batch + sizeof batch) {
    errno = ENOBUFS;
    FAIL("batch is too large");
  }
  memset(to, 0, NLMSG_ALIGN(bytes));
  if (data) memcpy(to, data, bytes);
  message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len) + (unsigned)bytes;
  return to;
}

/* Starts a request with its fixed part, `body` (struct ifinfomsg, …). */
static void begin(unsigned short type, unsigned short flags, const void *body, size_t bytes) {
  message = (struct nlmsghdr *)(batch + batch_bytes);
  *message = (struct nlmsghdr){
      .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++sequence};
  put(body, bytes);
}

static struct rtattr *put_attribute(unsigned short type, const void *data, size_t bytes) {
  struct rtattr *attribute = put(NULL, RTA_LENGTH(bytes));
  *attribute = (struct rtattr){.rta_len = (unsigned short)RTA_LENGTH(bytes), .rta_type = type};
  if (data) memcpy(RTA_DATA(attribute), data, bytes);
  return attribute;
}

static void put_u32(unsigned short type, unsigned value) { put_attribute(type, &value, sizeof value); }

static void put_string(unsigned short type, const char *value) { put_attribute(type, value, strlen(value) + 1); }

static struct rtattr *open_nest(unsigned short type) { return put_attribute(type | NLA_F_NESTED, NULL, 0); }

static void close_nest(struct rtattr *nest) {
  nest->rta_len = (unsigned short)((char *)message + NLMSG_ALIGN(message->nlmsg_len) - (char *)nest);
}

static void end(void) {
  message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len);
  batch_bytes += message->nlmsg_len;
}

/* Sends what was written and waits for the last request's acknowledgement; ends the program at the first error. */
static void send_batch(int socket_fd, const char *what) {
  static char reply[1 << 16] __attribute__((aligned(NLMSG_ALIGNTO)));
  if (batch_bytes == 0) return;
  message->nlmsg_flags |= NLM_F_ACK;
  unsigned awaited = message->nlmsg_seq;
  if (send(socket_fd, batch, batch_bytes, 0) < 0) FAIL("%s: send", what);
  batch_bytes = 0;
  for (;;) {
    ssize_t received = recv(socket_fd, reply, sizeof reply, 0);
    if (received < 0) FAIL("%s: receive", what);
    unsigned left = (unsigned)received;
    for (struct nlmsghdr *h = (struct nlmsghdr *)reply; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
      if (h->nlmsg_type == RTM_NEWLINK && echoed_index)
        *echoed_index++ = ((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
      if (h->nlmsg_type != NLMSG_ERROR) continue;
      const struct nlmsgerr *error = NLMSG_DATA(h);
      if (error->error) {
        errno = -error->error;
        FAIL("%s: request type %d", what, error->msg.nlmsg_type);
      }
      if (h->nlmsg_seq == awaited) return;
    }
  }
}

/* A NETLINK_ROUTE socket of the namespace in which the calling thread stands. */
static int open_rtnetlink(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) FAIL("netlink socket");
  int on = 1, buffer_bytes = 4 << 20;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on)) FAIL("NETLINK_EXT_ACK");
  if (setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on)) FAIL("NETLINK_CAP_ACK");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes)) FAIL("SO_RCVBUFFORCE");
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes, sizeof buffer_bytes)) FAIL("SO_SNDBUFFORCE");
  return fd;
}

#endif
