#include "rtnetlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtnetlink-protocol.h"

enum { REQUEST_MAX = 512, DEADLINE_MS = 10000 };

struct request {
  union {
    struct netlink_header header;
    char bytes[REQUEST_MAX];
  };
};

int cni_rtnetlink_open(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, ROUTE_SOCKET); }

/* All parts of a message begin at a multiple of four. */
static uint32_t align(uint32_t length) { return (length + 3) & ~UINT32_C(3); }

static void begin(struct request *request, uint16_t type, uint16_t flags, const void *body, size_t size) {
  memset(request, 0, sizeof *request);
  request->header = (struct netlink_header){.length = (uint32_t)(sizeof request->header + size),
                                            .type = type,
                                            .flags = (uint16_t)(FLAG_REQUEST | FLAG_ACK | flags),
                                            .sequence = 1};
  memcpy(request->bytes + sizeof request->header, body, size);
}

/* All that is put in is small: no request comes near to the end. */
static void put(struct request *request, uint16_t type, const void *data, size_t size) {
  char *at = request->bytes + align(request->header.length);
  struct attribute_header attribute = {.length = (uint16_t)(sizeof attribute + size), .type = type};
  memcpy(at, &attribute, sizeof attribute);
  memcpy(at + sizeof attribute, data, size);
  request->header.length = align(request->header.length) + align(attribute.length);
}

/* The acknowledgement's error, as errno; 0: done. */
static int receive(int fd) {
  union {
    struct netlink_error error;
    char bytes[4096];
  } answer;
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  int count = poll(&entry, 1, DEADLINE_MS);
  if (count <= 0) return count == 0 ? ETIMEDOUT : errno;
  ssize_t length = recv(fd, answer.bytes, sizeof answer.bytes, 0);
  if (length < (ssize_t)sizeof answer.error) return length < 0 ? errno : EBADMSG;
  return answer.error.header.type == MESSAGE_ERROR ? -answer.error.error : EBADMSG;
}

static bool transact(int fd, const struct request *request) {
  bool sent = send(fd, request->bytes, request->header.length, 0) == (ssize_t)request->header.length;
  int error = sent ? receive(fd) : errno;
  errno = error;
  return error == 0;
}

bool cni_link_move(int socket_fd, unsigned index, int netns_fd, const char *name) {
  struct request request;
  struct link_body body = {.index = (int32_t)index};
  int32_t descriptor = netns_fd;
  begin(&request, NEW_LINK, 0, &body, sizeof body);
  put(&request, LINK_NETNS_FD, &descriptor, sizeof descriptor);
  put(&request, LINK_NAME, name, strlen(name) + 1);
  return transact(socket_fd, &request);
}

/* A number of one byte in two nests: IFLA_AF_SPEC, and in it the family. */
bool cni_link_stop_ipv6(int socket_fd, unsigned index) {
  struct request request;
  struct link_body body = {.index = (int32_t)index};
  const struct {
    struct attribute_header family;
    struct attribute_header mode;
    uint8_t value;
    uint8_t padding[3];
  } nest = {.family = {.length = 12, .type = AF_INET6}, .mode = {.length = 5, .type = ADDRESS_GENERATION}, .value = GENERATION_NONE};
  begin(&request, NEW_LINK, 0, &body, sizeof body);
  put(&request, LINK_FAMILIES, &nest, sizeof nest);
  return transact(socket_fd, &request);
}

bool cni_link_up(int socket_fd, unsigned index) {
  struct request request;
  struct link_body body = {.index = (int32_t)index, .flags = LINK_IS_UP, .change = LINK_IS_UP};
  begin(&request, NEW_LINK, 0, &body, sizeof body);
  return transact(socket_fd, &request);
}

bool cni_link_delete(int socket_fd, unsigned index) {
  struct request request;
  struct link_body body = {.index = (int32_t)index};
  begin(&request, DELETE_LINK, 0, &body, sizeof body);
  return transact(socket_fd, &request);
}

static uint64_t within(uint64_t number, uint64_t least) {
  uint64_t most = UINT32_MAX;
  return number < least ? least : number > most ? most : number;
}

bool cni_link_limit(int socket_fd, unsigned index, uint64_t bytes_per_second, uint64_t burst_bytes, uint64_t mtu_bytes) {
  /* As src/kernel/rtnetlink/qdisc.ts has them: the queue as long as is sent in 25 ms, at low rates in packets. */
  enum { QUEUE_PACKETS = 64, BURST_PACKETS = 4, ETHERNET = 18 };
  struct request request;
  struct queue_body body = {.index = (int32_t)index, .handle = QUEUE_HANDLE, .parent = QUEUE_ROOT};
  uint64_t frame = mtu_bytes + ETHERNET;
  uint32_t burst = (uint32_t)within(burst_bytes > 0 ? burst_bytes : bytes_per_second / 100, BURST_PACKETS * frame);
  const struct queue_bucket bucket = {.rate = {.link_layer = LINK_LAYER_ETHERNET, .rate = (uint32_t)within(bytes_per_second, 1)},
                                      .limit = (uint32_t)within(bytes_per_second / 40, QUEUE_PACKETS * frame)};
  begin(&request, NEW_QUEUE, FLAG_CREATE | FLAG_REPLACE, &body, sizeof body);
  put(&request, QUEUE_KIND, "tbf", sizeof "tbf");
  struct attribute_header *options = (struct attribute_header *)(void *)(request.bytes + align(request.header.length));
  uint32_t start = align(request.header.length);
  put(&request, QUEUE_OPTIONS, "", 0);
  put(&request, BUCKET_PARAMETERS, &bucket, sizeof bucket);
  put(&request, BUCKET_BURST, &burst, sizeof burst);
  put(&request, BUCKET_RATE64, &bytes_per_second, sizeof bytes_per_second);
  options->length = (uint16_t)(request.header.length - start);
  return transact(socket_fd, &request);
}

struct network {
  unsigned char family;
  unsigned char prefix_length;
  unsigned char bytes[16];
  size_t size;
};

/* `ADDRESS/LENGTH`; false with EINVAL. */
static bool read_network(struct network *network, const char *text) {
  char address[INET6_ADDRSTRLEN];
  const char *slash = strchr(text, '/');
  char *end = NULL;
  unsigned long length = slash == NULL ? 0 : strtoul(slash + 1, &end, 10);
  errno = EINVAL;
  if (slash == NULL || end == slash + 1 || *end != '\0' || (size_t)(slash - text) >= sizeof address) return false;
  memcpy(address, text, (size_t)(slash - text));
  address[slash - text] = '\0';
  network->family = strchr(address, ':') == NULL ? AF_INET : AF_INET6;
  network->size = network->family == AF_INET ? 4 : 16;
  network->prefix_length = (unsigned char)length;
  return length <= 8 * network->size && inet_pton(network->family, address, network->bytes) == 1;
}

bool cni_address_add(int socket_fd, unsigned index, const char *address) {
  struct request request;
  struct network network;
  if (!read_network(&network, address)) return false;
  struct address_body body = {.family = network.family, .prefix_length = network.prefix_length, .index = index};
  if (network.family == AF_INET6) body.flags = ADDRESS_NO_DAD;
  begin(&request, NEW_ADDRESS, FLAG_CREATE | FLAG_EXCLUSIVE, &body, sizeof body);
  put(&request, ADDRESS_LOCAL, network.bytes, network.size);
  put(&request, ADDRESS_ADDRESS, network.bytes, network.size);
  if (network.family == AF_INET) {
    uint32_t broadcast = htonl((uint32_t)(UINT64_C(0xffffffff) >> network.prefix_length));
    for (int i = 0; i < 4; i++) ((unsigned char *)&broadcast)[i] |= network.bytes[i];
    put(&request, ADDRESS_BROADCAST, &broadcast, sizeof broadcast);
  }
  return transact(socket_fd, &request);
}

bool cni_route_add(int socket_fd, unsigned index, const char *destination, const char *gateway) {
  struct request request;
  struct network network;
  unsigned char via[16];
  uint32_t out = index;
  if (!read_network(&network, destination)) return false;
  errno = EINVAL;
  if (inet_pton(network.family, gateway, via) != 1) return false;
  struct route_body body = {.family = network.family,
                            .destination_length = network.prefix_length,
                            .table = TABLE_MAIN,
                            .protocol = PROTOCOL_BOOT,
                            .type = TYPE_UNICAST};
  begin(&request, NEW_ROUTE, FLAG_CREATE | FLAG_EXCLUSIVE, &body, sizeof body);
  if (network.prefix_length > 0) put(&request, ROUTE_DESTINATION, network.bytes, network.size);
  put(&request, ROUTE_GATEWAY, via, network.size);
  put(&request, ROUTE_LINK, &out, sizeof out);
  return transact(socket_fd, &request);
}
