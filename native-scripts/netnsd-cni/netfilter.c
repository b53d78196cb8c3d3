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
enum { PART = 4, KEY_SIZE = 2 * PART, KEY_AT_SIZE = 3 * PART, VALUE_SIZE = 2 * PART };

int cni_netfilter_open(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETFILTER_SOCKET); }

static void put_port(unsigned char *part, uint16_t port) {
  part[0] = (unsigned char)(port >> 8);
  part[1] = (unsigned char)port;
}

static uint16_t port_of(const unsigned char *part) { return (uint16_t)(part[0] << 8 | part[1]); }

/* inet_proto . inet_service, behind the address where the port is of one. */
static size_t write_key(unsigned char key[KEY_AT_SIZE], const struct cni_port *port, bool at) {
  memset(key, 0, KEY_AT_SIZE);
  if (at) memcpy(key, port->host_ip, 4);
  unsigned char *rest = key + (at ? PART : 0);
  rest[0] = port->protocol;
  put_port(rest + PART, port->host_port);
  return at ? KEY_AT_SIZE : KEY_SIZE;
}

static void put_value(struct netfilter_request *request, unsigned type, const void *data, size_t size) {
  size_t nest = netfilter_open_nest(request, type);
  netfilter_put(request, DATA_VALUE, data, size);
  netfilter_close_nest(request, nest);
}

static void put_names(struct netfilter_request *request, const char *table, const char *map) {
  netfilter_put(request, LIST_TABLE, table, strlen(table) + 1);
  netfilter_put(request, LIST_SET, map, strlen(map) + 1);
}

static void put_element(struct netfilter_request *request, const struct cni_element *element, bool at, bool with_value) {
  unsigned char key[KEY_AT_SIZE];
  unsigned char value[VALUE_SIZE] = {0};
  size_t size = write_key(key, &element->port, at);
  memcpy(value, element->address, 4);
  put_port(value + PART, element->port.container_port);
  size_t list = netfilter_open_nest(request, LIST_ELEMENTS);
  size_t entry = netfilter_open_nest(request, LIST_ENTRY);
  put_value(request, ELEMENT_KEY, key, size);
  if (with_value) put_value(request, ELEMENT_DATA, value, sizeof value);
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
    bool at = !cni_port_is_of_any_address(&elements[i].port);
    netfilter_begin(&request, add ? NEW_ELEMENT : DELETE_ELEMENT, flags, NETFILTER_INET, 0);
    put_names(&request, table, at ? CNI_MAP_AT : CNI_MAP);
    put_element(&request, &elements[i], at, add);
  }
  netfilter_begin(&request, BATCH_END, 0, 0, htons(SUBSYSTEM));
  return netfilter_transact(fd, &request, (unsigned)count, NULL, NULL);
}

/* Reads what an element's attributes say; false if that is none of ours. */
static bool read_element(const char *entry, size_t size, bool at, struct cni_element *element) {
  size_t key_size = 0;
  size_t value_size = 0;
  const char *nest = netfilter_find(entry, size, ELEMENT_KEY, &key_size);
  const char *key = nest == NULL ? NULL : netfilter_find(nest, key_size, DATA_VALUE, &key_size);
  nest = netfilter_find(entry, size, ELEMENT_DATA, &value_size);
  const char *value = nest == NULL ? NULL : netfilter_find(nest, value_size, DATA_VALUE, &value_size);
  if (key == NULL || value == NULL || key_size != (at ? KEY_AT_SIZE : KEY_SIZE) || value_size != VALUE_SIZE) return false;
  const unsigned char *bytes = (const unsigned char *)key;
  *element = (struct cni_element){.port = {.protocol = bytes[at ? PART : 0]}};
  if (at) memcpy(element->port.host_ip, bytes, 4);
  element->port.host_port = port_of(bytes + (at ? KEY_SIZE : PART));
  memcpy(element->address, value, 4);
  element->port.container_port = port_of((const unsigned char *)value + PART);
  return true;
}

struct search {
  bool at;
  bool found;
  struct cni_element *element;
  bool (*see)(const struct cni_element *element, void *context);
  void *context;
};

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
    if (read_element(entry, entry_size, search->at, &element)) {
      search->found = search->see == NULL || search->see(&element, search->context);
      if (search->element != NULL) *search->element = element;
    }
    list = entry + ((entry_size + 3) & ~(size_t)3);
    if (list >= end) break;
  }
}

bool cni_element_find(int fd, const char *table, const char *map, struct cni_element *element) {
  static struct netfilter_request request;
  bool at = strcmp(map, CNI_MAP_AT) == 0;
  struct search search = {.at = at, .element = element};
  netfilter_start(&request);
  netfilter_begin(&request, GET_ELEMENT, 0, NETFILTER_INET, 0);
  put_names(&request, table, map);
  put_element(&request, element, at, false);
  if (!netfilter_transact(fd, &request, 0, take_elements, &search)) return false;
  if (!search.found) errno = ENOENT;
  return search.found;
}

bool cni_elements_each(int fd, const char *table, bool (*see)(const struct cni_element *element, void *context), void *context) {
  static struct netfilter_request request;
  struct search search = {.at = true, .see = see, .context = context};
  netfilter_start(&request);
  netfilter_begin(&request, GET_ELEMENT, FLAG_DUMP, NETFILTER_INET, 0);
  put_names(&request, table, CNI_MAP_AT);
  return netfilter_transact(fd, &request, 0, take_elements, &search);
}
