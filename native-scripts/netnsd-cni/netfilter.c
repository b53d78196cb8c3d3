#include "netfilter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netfilter-message.h"

/* linux/netfilter/nf_tables.h; the subsystem is 10. */
enum { BATCH_BEGIN = 0x10, BATCH_END = 0x11, SUBSYSTEM = 10, NEW_ELEMENT = 0xa0c, GET_ELEMENT = 0xa0d, DELETE_ELEMENT = 0xa0e };
enum { LIST_TABLE = 1, LIST_SET = 2, LIST_ELEMENTS = 3, LIST_ENTRY = 1, ELEMENT_KEY = 1, ELEMENT_DATA = 2, DATA_VALUE = 1 };
/* Each part of a concatenation takes a multiple of four bytes. */
enum { PART = 4, KEY_MAX = CNI_ADDRESS_SIZE + 2 * PART, VALUE_MAX = CNI_ADDRESS_SIZE + PART };

int cni_netfilter_open(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETFILTER_SOCKET); }

static void put_port(unsigned char *part, uint16_t port) {
  part[0] = (unsigned char)(port >> 8);
  part[1] = (unsigned char)port;
}

static uint16_t port_of(const unsigned char *part) { return (uint16_t)(part[0] << 8 | part[1]); }

static size_t key_size(enum cni_map map, enum cni_family family) {
  return 2 * PART + (map == CNI_MAP_AT ? cni_address_size(family) : 0);
}

/* inet_proto . inet_service, behind the address where the port is of one. */
static size_t write_key(unsigned char key[KEY_MAX], const struct cni_port *port, enum cni_map map) {
  size_t size = key_size(map, port->family);
  memset(key, 0, KEY_MAX);
  if (map == CNI_MAP_AT) memcpy(key, port->host_ip, cni_address_size(port->family));
  unsigned char *rest = key + size - 2 * PART;
  rest[0] = port->protocol;
  put_port(rest + PART, port->host_port);
  return size;
}

static void put_value(struct netfilter_request *request, unsigned type, const void *data, size_t size) {
  size_t nest = netfilter_open_nest(request, type);
  netfilter_put(request, DATA_VALUE, data, size);
  netfilter_close_nest(request, nest);
}

static void put_names(struct netfilter_request *request, const char *table, enum cni_map map, enum cni_family family) {
  static const char *const names[][2] = {{"mapped", "mapped6"}, {"mapped-at", "mapped-at6"}, {"published", "published6"}};
  const char *name = names[map][family == CNI_IPV6];
  netfilter_put(request, LIST_TABLE, table, strlen(table) + 1);
  netfilter_put(request, LIST_SET, name, strlen(name) + 1);
}

static void put_element(struct netfilter_request *request, const struct cni_element *element, enum cni_map map, bool with_value) {
  unsigned char key[KEY_MAX];
  unsigned char value[VALUE_MAX] = {0};
  size_t size = write_key(key, &element->port, map);
  size_t address_size = cni_address_size(element->port.family);
  memcpy(value, element->address, address_size);
  put_port(value + address_size, element->port.container_port);
  size_t list = netfilter_open_nest(request, LIST_ELEMENTS);
  size_t entry = netfilter_open_nest(request, LIST_ENTRY);
  put_value(request, ELEMENT_KEY, key, size);
  if (with_value) put_value(request, ELEMENT_DATA, value, address_size + PART);
  netfilter_close_nest(request, entry);
  netfilter_close_nest(request, list);
}

bool cni_elements_change(int fd, const char *table, bool add, const struct cni_element *elements, size_t count) {
  static struct netfilter_request request;
  unsigned flags = FLAG_ACK | (add ? FLAG_CREATE | FLAG_EXCLUSIVE : 0);
  if (count == 0) return true;
  netfilter_start(&request);
  netfilter_begin(&request, BATCH_BEGIN, 0, 0, htons(SUBSYSTEM));
  for (size_t i = 0; i < count; i++) {
    enum cni_map map = cni_port_is_of_any_address(&elements[i].port) ? CNI_MAP : CNI_MAP_AT;
    netfilter_begin(&request, add ? NEW_ELEMENT : DELETE_ELEMENT, flags, NETFILTER_INET, 0);
    put_names(&request, table, map, elements[i].port.family);
    put_element(&request, &elements[i], map, add);
  }
  netfilter_begin(&request, BATCH_END, 0, 0, htons(SUBSYSTEM));
  return netfilter_transact(fd, &request, (unsigned)count, NULL, NULL);
}

/* The map that is read, and what is done with its elements. */
struct search {
  enum cni_map map;
  enum cni_family family;
  bool found;
  struct cni_element *element;
  bool (*see)(const struct cni_element *element, void *context);
  void *context;
};

/* Reads what an element's attributes say; false if that is none of ours. */
static bool read_element(const char *entry, size_t size, const struct search *search, struct cni_element *element) {
  size_t key_length = 0;
  size_t value_length = 0;
  size_t address_size = cni_address_size(search->family);
  size_t expected = key_size(search->map, search->family);
  const char *nest = netfilter_find(entry, size, ELEMENT_KEY, &key_length);
  const char *key = nest == NULL ? NULL : netfilter_find(nest, key_length, DATA_VALUE, &key_length);
  nest = netfilter_find(entry, size, ELEMENT_DATA, &value_length);
  const char *value = nest == NULL ? NULL : netfilter_find(nest, value_length, DATA_VALUE, &value_length);
  if (key == NULL || value == NULL || key_length != expected || value_length != address_size + PART) return false;
  const unsigned char *rest = (const unsigned char *)key + expected - 2 * PART;
  *element = (struct cni_element){.port = {.protocol = rest[0], .family = search->family, .host_port = port_of(rest + PART)}};
  if (search->map == CNI_MAP_AT) memcpy(element->port.host_ip, key, address_size);
  memcpy(element->address, value, address_size);
  element->port.container_port = port_of((const unsigned char *)value + address_size);
  return true;
}

static void take_elements(const char *body, size_t size, void *context) {
  struct search *search = context;
  size_t list_size = 0;
  size_t entry_size = 0;
  const char *list = netfilter_find(body + sizeof(struct netfilter_body), size - sizeof(struct netfilter_body), LIST_ELEMENTS, &list_size);
  const char *end = list == NULL ? NULL : list + list_size;
  while (list != NULL && !search->found) {
    const char *entry = netfilter_find(list, (size_t)(end - list), LIST_ENTRY, &entry_size);
    struct cni_element element;
    if (entry == NULL) break;
    if (read_element(entry, entry_size, search, &element)) {
      search->found = search->see == NULL || search->see(&element, search->context);
      if (search->element != NULL) *search->element = element;
    }
    list = entry + ((entry_size + 3) & ~(size_t)3);
    if (list >= end) break;
  }
}

bool cni_element_find(int fd, const char *table, enum cni_map map, struct cni_element *element) {
  static struct netfilter_request request;
  struct search search = {.map = map, .family = element->port.family, .element = element};
  netfilter_start(&request);
  netfilter_begin(&request, GET_ELEMENT, 0, NETFILTER_INET, 0);
  put_names(&request, table, map, element->port.family);
  put_element(&request, element, map, false);
  if (!netfilter_transact(fd, &request, 0, take_elements, &search)) return false;
  if (!search.found) errno = ENOENT;
  return search.found;
}

bool cni_elements_each(int fd, const char *table, enum cni_family family, bool (*see)(const struct cni_element *element, void *context),
                       void *context) {
  static struct netfilter_request request;
  struct search search = {.map = CNI_MAP_AT, .family = family, .see = see, .context = context};
  netfilter_start(&request);
  netfilter_begin(&request, GET_ELEMENT, FLAG_DUMP, NETFILTER_INET, 0);
  put_names(&request, table, CNI_MAP_AT, family);
  return netfilter_transact(fd, &request, 0, take_elements, &search);
}
