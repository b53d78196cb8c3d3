#include "publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "flows.h"
#include "json.h"
#include "netfilter.h"

enum { SITE_MAX = 16384, LOCK_MS = 10000, PAUSE_MS = 2, ATTEMPTS = 4 };

/* The name of the daemon's table, by the instance id that it wrote down. */
static bool read_table(const char *socket_path, char table[CNI_TABLE_SIZE]) {
  char path[PATH_MAX + 16];
  char text[SITE_MAX];
  char id[8];
  struct json root;
  struct json value;
  const char *slash = strrchr(socket_path, '/');
  snprintf(path, sizeof path, "%.*s/site.json", slash == NULL ? 0 : (int)(slash - socket_path), socket_path);
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text);
  close(fd);
  bool known = length > 0 && json_parse(text, (size_t)length, &root) && json_get(root, "instanceId", &value) == JSON_FOUND &&
               json_copy(value, id, sizeof id) && id[0] != '\0';
  if (known) snprintf(table, CNI_TABLE_SIZE, "netnsd-%s", id);
  return known;
}

bool cni_publish_open(struct cni_attachments *attachments, const char *socket_path, struct cni_failure *failure) {
  if (attachments->netfilter >= 0) return true;
  if (!read_table(socket_path, attachments->table))
    return cni_fail(failure, CNI_TRY_AGAIN_LATER, "no netnsd has written site.json beside %s: start `netnsd serve`", socket_path);
  attachments->netfilter = cni_netfilter_open();
  return attachments->netfilter >= 0 || cni_fail_errno(failure, CNI_KERNEL_FAILURE, "nftables cannot be reached");
}

/* The daemon holds the lock for as long as nft(8) takes. */
static bool lock(const struct cni_attachments *attachments, struct cni_failure *failure) {
  for (int waited = 0; flock(attachments->fd, LOCK_EX | LOCK_NB) != 0; waited += PAUSE_MS) {
    if (errno != EWOULDBLOCK && errno != EINTR) return cni_fail_errno(failure, CNI_IO_FAILURE, "the folder of attachments cannot be locked");
    if (waited >= LOCK_MS) return cni_fail(failure, CNI_TRY_AGAIN_LATER, "another process has held the port mappings for %d ms", LOCK_MS);
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
  }
  return true;
}

static void unlock(const struct cni_attachments *attachments) { flock(attachments->fd, LOCK_UN); }

enum { ELEMENTS_MAX = 2 * CNI_PORTS_MAX };

/* The address of this family to which ports lead; false: it has none. */
static bool address_of(const struct cni_attachment *attachment, enum cni_family family, unsigned char address[CNI_ADDRESS_SIZE]) {
  memset(address, 0, CNI_ADDRESS_SIZE);
  return inet_pton(cni_address_domain(family), family == CNI_IPV6 ? attachment->address6 : attachment->address, address) == 1;
}

static size_t list_elements(const struct cni_attachment *attachment, struct cni_element elements[ELEMENTS_MAX]) {
  size_t count = 0;
  for (enum cni_family family = CNI_IPV4; family <= CNI_IPV6; family++) {
    unsigned char address[CNI_ADDRESS_SIZE];
    bool has = address_of(attachment, family, address);
    for (size_t i = 0; has && i < attachment->ports.count; i++) {
      struct cni_element *element = &elements[count];
      element->port = attachment->ports.list[i];
      if (element->port.family != CNI_BOTH && element->port.family != family) continue;
      element->port.family = family;
      memcpy(element->address, address, sizeof address);
      count++;
    }
  }
  return count;
}

/* `away`: those that lead to it, instead of those of before. */
static void forget_flows(const struct cni_attachments *attachments, const struct cni_attachment *attachment, bool away) {
  unsigned char address[CNI_ADDRESS_SIZE];
  for (enum cni_family family = CNI_IPV4; family <= CNI_IPV6; family++)
    if (address_of(attachment, family, address))
      cni_flows_forget(attachments->netfilter, &attachment->ports, family, away ? address : NULL);
}

static bool fail_taken(const struct cni_port *port, const struct cni_element *holder, struct cni_failure *failure) {
  char text[CNI_PORT_TEXT_SIZE];
  char to[CNI_ADDRESS_TEXT_SIZE];
  cni_port_text(text, port);
  cni_address_text(to, holder->port.family, holder->address);
  return cni_fail(failure, CNI_PORT_TAKEN, "%s of the host, which the pod wants, leads to port %u of %s already: choose another port", text,
                  holder->port.container_port, to);
}

/* The port of a single address that is in the way of one of every address. */
struct overlap {
  const struct cni_port *port;
  struct cni_element holder;
};

static bool is_same_port(const struct cni_element *element, void *context) {
  struct overlap *overlap = context;
  bool same = element->port.protocol == overlap->port->protocol && element->port.host_port == overlap->port->host_port;
  if (same) overlap->holder = *element;
  return same;
}

/* With the lock held. Which ports lead where is the kernel's to say: the daemon may have taken away what a file names. */
static bool is_free(const struct cni_attachments *attachments, const struct cni_port *port, struct cni_failure *failure) {
  struct cni_element any = {.port = *port};
  struct cni_element published = {.port = *port};
  struct cni_element at = {.port = *port};
  struct overlap overlap = {.port = port};
  int fd = attachments->netfilter;
  const char *table = attachments->table;
  if (cni_element_find(fd, table, CNI_MAP, &any)) return fail_taken(port, &any, failure);
  if (errno != ENOENT) return cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the host's port mappings cannot be read");
  if (cni_element_find(fd, table, CNI_MAP_PUBLISHED, &published)) return fail_taken(port, &published, failure);
  if (!cni_port_is_of_any_address(port)) return !cni_element_find(fd, table, CNI_MAP_AT, &at) || fail_taken(port, &at, failure);
  cni_elements_each(fd, table, port->family, is_same_port, &overlap);
  return overlap.holder.port.host_port == 0 || fail_taken(port, &overlap.holder, failure);
}

static bool publish_locked(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                           struct cni_failure *failure) {
  static struct cni_element elements[ELEMENTS_MAX];
  size_t count = list_elements(attachment, elements);
  for (size_t i = 0; i < count; i++)
    if (!is_free(attachments, &elements[i].port, failure)) return false;
  if (!cni_attachment_replace(attachments, key, attachment, failure)) return false;
  if (!cni_elements_change(attachments->netfilter, attachments->table, true, elements, count)) {
    if (errno == ENOENT)
      return cni_fail(failure, CNI_TRY_AGAIN_LATER,
                      "the host has no table %s of nftables for port mappings: start `netnsd serve` with a pool that has masquerade, publish, "
                      "egress_deny or host_access = false",
                      attachments->table);
    return cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the pod's ports cannot be added to the host's");
  }
  forget_flows(attachments, attachment, false);
  return true;
}

bool cni_publish(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                 struct cni_failure *failure) {
  if (!lock(attachments, failure)) return false;
  bool done = publish_locked(attachments, key, attachment, failure);
  unlock(attachments);
  return done;
}

static bool leads_there(const struct cni_attachments *attachments, const struct cni_element *element) {
  struct cni_element found = *element;
  enum cni_map map = cni_port_is_of_any_address(&element->port) ? CNI_MAP : CNI_MAP_AT;
  return cni_element_find(attachments->netfilter, attachments->table, map, &found) &&
         memcmp(found.address, element->address, cni_address_size(element->port.family)) == 0 &&
         found.port.container_port == element->port.container_port;
}

static bool unpublish_locked(const struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment,
                             struct cni_failure *failure) {
  static struct cni_element elements[ELEMENTS_MAX];
  static struct cni_attachment without;
  size_t count = list_elements(attachment, elements);
  bool done = false;
  /* ENOENT: the daemon, which does not wait for the lock, has removed it meanwhile, since the endpoint is not leased. */
  for (int attempt = 0; !done && attempt < ATTEMPTS; attempt++) {
    size_t own = 0;
    for (size_t i = 0; i < count; i++)
      if (leads_there(attachments, &elements[i])) elements[own++] = elements[i];
    count = own;
    done = cni_elements_change(attachments->netfilter, attachments->table, false, elements, own);
    if (!done && errno != ENOENT) break;
  }
  if (!done) return cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the pod's ports cannot be taken away");
  forget_flows(attachments, attachment, true);
  without = *attachment;
  without.ports.count = 0;
  return cni_attachment_replace(attachments, key, &without, failure);
}

bool cni_unpublish(struct cni_attachments *attachments, const char *key, const struct cni_attachment *attachment, const char *socket_path,
                   struct cni_failure *failure) {
  if (attachment->ports.count == 0) return true;
  if (!cni_publish_open(attachments, socket_path, failure) || !lock(attachments, failure)) return false;
  bool done = unpublish_locked(attachments, key, attachment, failure);
  unlock(attachments);
  return done;
}

bool cni_is_published(const struct cni_attachments *attachments, const struct cni_attachment *attachment, struct cni_failure *failure) {
  static struct cni_element elements[ELEMENTS_MAX];
  char text[CNI_PORT_TEXT_SIZE];
  size_t count = list_elements(attachment, elements);
  for (size_t i = 0; i < count; i++) {
    if (leads_there(attachments, &elements[i])) continue;
    cni_port_text(text, &elements[i].port);
    return cni_fail(failure, CNI_CHECK_FAILED, "%s of the host does not lead to the container any more", text);
  }
  return true;
}
