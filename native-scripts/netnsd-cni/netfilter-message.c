#include "netfilter-message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { DEADLINE_MS = 10000, ANSWER_MAX = 65536 };

static uint32_t sequence = 1;

static size_t align(size_t length) { return (length + 3) & ~(size_t)3; }

/* Room that is zeroed. All that is put in is bounded: no request comes near to the end. */
static char *grow(struct netfilter_request *request, size_t size) {
  char *at = request->bytes + request->length;
  memset(at, 0, align(size));
  request->length += align(size);
  return at;
}

static void end_message(struct netfilter_request *request) {
  uint32_t length = (uint32_t)(request->length - request->message);
  memcpy(request->bytes + request->message, &length, sizeof length);
}

void netfilter_start(struct netfilter_request *request) {
  request->length = request->message = 0;
  request->first = request->next = sequence;
}

void netfilter_begin(struct netfilter_request *request, unsigned type, unsigned flags, uint8_t family, uint16_t resource) {
  if (request->length > 0) end_message(request);
  request->message = request->length;
  const struct netlink_header header = {.type = (uint16_t)type, .flags = (uint16_t)(FLAG_REQUEST | flags), .sequence = request->next++};
  const struct netfilter_body body = {.family = family, .resource = resource};
  sequence = request->next;
  memcpy(grow(request, sizeof header), &header, sizeof header);
  memcpy(grow(request, sizeof body), &body, sizeof body);
}

void netfilter_put(struct netfilter_request *request, unsigned type, const void *data, size_t size) {
  const struct attribute_header attribute = {.length = (uint16_t)(sizeof attribute + size), .type = (uint16_t)type};
  char *at = grow(request, attribute.length);
  memcpy(at, &attribute, sizeof attribute);
  memcpy(at + sizeof attribute, data, size);
}

size_t netfilter_open_nest(struct netfilter_request *request, unsigned type) {
  size_t nest = request->length;
  netfilter_put(request, type | ATTRIBUTE_NEST, "", 0);
  return nest;
}

void netfilter_close_nest(struct netfilter_request *request, size_t nest) {
  uint16_t length = (uint16_t)(request->length - nest);
  memcpy(request->bytes + nest, &length, sizeof length);
}

const char *netfilter_find(const char *data, size_t size, unsigned type, size_t *value_size) {
  struct attribute_header attribute;
  for (size_t at = 0; at + sizeof attribute <= size; at += align(attribute.length)) {
    memcpy(&attribute, data + at, sizeof attribute);
    if (attribute.length < sizeof attribute || attribute.length > size - at) return NULL;
    *value_size = attribute.length - sizeof attribute;
    if ((attribute.type & ATTRIBUTE_TYPE) == type) return data + at + sizeof attribute;
  }
  return NULL;
}

/* What is still to come. */
struct waiting {
  const struct netfilter_request *request;
  unsigned acknowledgements;
  void (*take)(const char *body, size_t size, void *context);
  void *context;
};

/* One message: 1: more is to come, 0: all has, -1: an error, as errno. */
static int read_message(struct waiting *waiting, const char *message, const struct netlink_header *header) {
  int32_t error = 0;
  /* Answers to what was given up. */
  if (header->sequence - waiting->request->first >= waiting->request->next - waiting->request->first) return 1;
  if (header->type == MESSAGE_DONE) return 0;
  if (header->type != MESSAGE_ERROR) {
    if (waiting->take != NULL && header->length >= sizeof *header + sizeof(struct netfilter_body))
      waiting->take(message + sizeof *header, header->length - sizeof *header, waiting->context);
    return waiting->acknowledgements == 0 && (header->flags & 0x2) == 0 ? 0 : 1;
  }
  if (header->length >= sizeof(struct netlink_error)) memcpy(&error, message + sizeof *header, sizeof error);
  errno = -error;
  if (error != 0) return -1;
  return waiting->acknowledgements > 0 && --waiting->acknowledgements > 0 ? 1 : 0;
}

static int read_datagram(struct waiting *waiting, const char *bytes, size_t length) {
  struct netlink_header header;
  int state = 1;
  for (size_t at = 0; state == 1 && at + sizeof header <= length; at += align(header.length)) {
    memcpy(&header, bytes + at, sizeof header);
    if (header.length < sizeof header || header.length > length - at) break;
    state = read_message(waiting, bytes + at, &header);
  }
  return state;
}

bool netfilter_transact(int fd, struct netfilter_request *request, unsigned acknowledgements,
                        void (*take)(const char *body, size_t size, void *context), void *context) {
  static char bytes[ANSWER_MAX];
  struct waiting waiting = {.request = request, .acknowledgements = acknowledgements, .take = take, .context = context};
  end_message(request);
  if (send(fd, request->bytes, request->length, 0) != (ssize_t)request->length) return false;
  for (int state = 1; state != 0;) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    int count = poll(&entry, 1, DEADLINE_MS);
    if (count == 0) errno = ETIMEDOUT;
    if (count < 0 && errno == EINTR) continue;
    ssize_t length = count <= 0 ? -1 : recv(fd, bytes, sizeof bytes, 0);
    if (length < 0) return false;
    state = read_datagram(&waiting, bytes, (size_t)length);
    if (state < 0) return false;
  }
  return true;
}
