#include "pod-lease.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conversation.h"
#include "shelf-take.h"
#include "text.h"

/* An ADD ends within this time; a DEL leaves to the daemon what it cannot do by then. */
enum { ADD_MS = 10000, WAIT_S = 5, DEL_MS = 2000, STATUS_MS = 2000 };

static struct conversation talk = {.kept_fd = -1};

static bool copy(struct json root, const char *key, char *copy, size_t size) {
  struct json value;
  return json_get(root, key, &value) == JSON_FOUND && json_copy(value, copy, size) && copy[0] != '\0';
}

/* Six octets, as the result repeats them. */
static bool is_mac(const char *text) {
  return strlen(text) == 17 && text[strspn(text, "0123456789abcdef:")] == '\0';
}

static bool read_list(struct json root, const char *key) {
  struct json value;
  return json_get(root, key, &value) == JSON_FOUND && value.type == JSON_ARRAY;
}

bool cni_lease_parse(struct cni_lease *lease, size_t length) {
  struct json netns;
  struct json interface;
  struct json inode;
  if (!json_parse(lease->text, length, &lease->root) || lease->root.type != JSON_OBJECT) return false;
  return json_get(lease->root, "netns", &netns) == JSON_FOUND && copy(netns, "path", lease->path, sizeof lease->path) &&
         lease->path[0] == '/' && json_get(netns, "inode", &inode) == JSON_FOUND && json_unsigned(inode, &lease->inode) &&
         json_get(lease->root, "interface", &interface) == JSON_FOUND && copy(interface, "name", lease->ifname, sizeof lease->ifname) &&
         cni_is_ifname(lease->ifname) && copy(interface, "mac", lease->mac, sizeof lease->mac) && is_mac(lease->mac) &&
         read_list(lease->root, "addresses") && read_list(lease->root, "routes");
}

void cni_lease_address(const struct cni_lease *lease, enum cni_family family, char address[CNI_ADDRESS_TEXT_SIZE]) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  char text[64];
  address[0] = '\0';
  if (json_get(lease->root, "addresses", &list) != JSON_FOUND) return;
  while (address[0] == '\0' && json_next(list, &position, NULL, &entry)) {
    bool found = copy(entry, "address", text, sizeof text) && (strchr(text, ':') != NULL) == (family == CNI_IPV6);
    size_t length = strcspn(text, "/");
    if (found && length < CNI_ADDRESS_TEXT_SIZE) snprintf(address, CNI_ADDRESS_TEXT_SIZE, "%.*s", (int)length, text);
  }
}

static unsigned long interface_number(const struct cni_lease *lease, const char *key) {
  struct json interface;
  struct json value;
  uint64_t number;
  bool known = json_get(lease->root, "interface", &interface) == JSON_FOUND && json_get(interface, key, &value) == JSON_FOUND &&
               json_unsigned(value, &number);
  return known ? (unsigned long)number : 0;
}

unsigned long cni_lease_mtu(const struct cni_lease *lease) { return interface_number(lease, "mtu"); }

unsigned long cni_lease_rate_out(const struct cni_lease *lease) { return interface_number(lease, "rateOut"); }

bool cni_lease_host_end(const struct cni_lease *lease, const char *socket_path, char name[IFNAMSIZ], char hub[PATH_MAX]) {
  struct json interface;
  char hub_name[128];
  const char *slash = strrchr(socket_path, '/');
  int folder = slash == NULL ? 0 : (int)(slash - socket_path);
  return json_get(lease->root, "interface", &interface) == JSON_FOUND && copy(interface, "hostName", name, IFNAMSIZ) &&
         cni_is_ifname(name) && copy(interface, "hub", hub_name, sizeof hub_name) && cni_is_name(hub_name) &&
         /* The symbolic link leads into the vault: src/kernel/netns/vault-layout.ts. */
         snprintf(hub, PATH_MAX, "%.*s/netns/../hubs/%s", folder, socket_path, hub_name) < PATH_MAX;
}

static bool take(struct cni_lease *lease, const struct cni_configuration *configuration, const char *key) {
  static struct taken taken;
  struct shelf shelf;
  const struct wanted wanted = {.pool = configuration->pool[0] == '\0' ? NULL : configuration->pool,
                                .tenant = configuration->tenant,
                                .spec = "",
                                .any_dns = true};
  snprintf(shelf.key, sizeof shelf.key, "%s", key);
  if (!shelf_open(&shelf, configuration->socket)) return false;
  bool took = shelf_take(&shelf, &wanted, &taken);
  memcpy(lease->id, taken.lease, sizeof lease->id);
  if (took) memcpy(lease->text, taken.offer.text, taken.offer.length + 1);
  bool read = took && cni_lease_parse(lease, taken.offer.length);
  if (took && !read) shelf_give_back(&shelf);
  shelf_close(&shelf);
  return read;
}

/* True if an answer came, of whatever status. */
static bool ask(const char *socket_path, int deadline_ms, const struct text *request, struct cni_failure *failure) {
  talk.socket_path = socket_path;
  talk.deadline_ms = deadline_ms;
  if (request->overflow) return cni_fail(failure, CNI_REFUSED, "the request to netnsd is too large");
  if (converse(&talk, request->bytes, request->length)) return true;
  cni_fail(failure, CNI_TRY_AGAIN_LATER, "no endpoint lies on the shelf, and netnsd at %s %s", socket_path, talk.why);
  return false;
}

/* The problem document (RFC 9457) of a status that is none of success. */
static bool fail_by_problem(struct cni_failure *failure) {
  struct json root;
  char code[64] = "";
  char detail[768] = "";
  if (json_parse(talk.answer.body, talk.answer.body_length, &root)) {
    if (!copy(root, "code", code, sizeof code)) code[0] = '\0';
    if (!copy(root, "detail", detail, sizeof detail)) detail[0] = '\0';
  }
  bool later = talk.answer.status >= 500 || strcmp(code, "pool_exhausted") == 0;
  cni_fail(failure, later ? CNI_TRY_AGAIN_LATER : CNI_REFUSED, "netnsd refuses: %s", detail[0] == '\0' ? "it does not say why" : detail);
  snprintf(failure->details, sizeof failure->details, "%s, status %d", code[0] == '\0' ? "no code" : code, talk.answer.status);
  return false;
}

static void begin(struct text *request, const char *method, const char *target) {
  text_addf(request, "%s %s", method, target);
}

static void end(struct text *request, const char *body) {
  text_add(request, " HTTP/1.1\r\nHost: netnsd\r\nUser-Agent: netnsd-cni\r\nAccept: application/json\r\n");
  if (body != NULL) text_addf(request, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
  text_addf(request, "\r\n%s", body == NULL ? "" : body);
}

static bool acquire_of_daemon(struct cni_lease *lease, const struct cni_configuration *configuration, const char *key,
                              struct cni_failure *failure) {
  char body[1024];
  char bytes[2048];
  const char *pool = configuration->pool;
  struct text text = text_in(body, sizeof body);
  struct text request = text_in(bytes, sizeof bytes);
  text_addf(&text, "{\"containerId\":\"%s\",\"tenant\":\"%s\",\"wait\":%d", key, configuration->tenant, WAIT_S);
  text_addf(&text, pool[0] == '\0' ? "}" : ",\"pool\":\"%s\"}", pool);
  begin(&request, "POST", "/v1/leases");
  end(&request, body);
  if (!ask(configuration->socket, ADD_MS, &request, failure)) return false;
  if (talk.answer.status != 200 && talk.answer.status != 201) return fail_by_problem(failure);
  size_t length = talk.answer.body_length;
  if (length >= sizeof lease->text) return cni_fail(failure, CNI_REFUSED, "netnsd sent a lease that is too large");
  memcpy(lease->text, talk.answer.body, length);
  lease->text[length] = '\0';
  if (cni_lease_parse(lease, length) && copy(lease->root, "id", lease->id, sizeof lease->id)) return true;
  return cni_fail(failure, CNI_REFUSED, "netnsd sent a response that is not a lease");
}

bool cni_lease_acquire(struct cni_lease *lease, const struct cni_configuration *configuration, const char *key,
                       struct cni_failure *failure) {
  return take(lease, configuration, key) || acquire_of_daemon(lease, configuration, key, failure);
}

bool cni_lease_release(const char *socket_path, const char *key, struct cni_failure *failure) {
  char bytes[2048];
  struct text request = text_in(bytes, sizeof bytes);
  struct shelf shelf;
  snprintf(shelf.key, sizeof shelf.key, "%s", key);
  if (shelf_open(&shelf, socket_path)) {
    bool given = shelf_give_back(&shelf) || shelf_holds_nothing(&shelf);
    shelf_close(&shelf);
    if (given) return true;
  }
  begin(&request, "DELETE", "/v1/containers/");
  text_add_segment(&request, key);
  text_add(&request, "/lease?force=true");
  end(&request, NULL);
  if (!ask(socket_path, DEL_MS, &request, failure)) return false;
  return talk.answer.status == 204 || fail_by_problem(failure);
}

static bool has_entry(int shelf_fd, const char *path) {
  int fd = openat(shelf_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  bool found = false;
  if (folder == NULL) {
    if (fd >= 0) close(fd);
    return false;
  }
  for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) found = entry->d_name[0] != '.';
  closedir(folder);
  return found;
}

static bool lies_on_shelf(const struct cni_configuration *configuration) {
  char path[CNI_POOL_SIZE + 32];
  struct shelf shelf;
  if (!shelf_open(&shelf, configuration->socket)) return false;
  snprintf(path, sizeof path, "offers/%s/unused", configuration->pool[0] == '\0' ? "@default" : configuration->pool);
  bool found = has_entry(shelf.fd, path);
  shelf_close(&shelf);
  return found;
}

bool cni_lease_possible(const struct cni_configuration *configuration, struct cni_failure *failure) {
  char bytes[1024];
  struct text request = text_in(bytes, sizeof bytes);
  if (lies_on_shelf(configuration)) return true;
  begin(&request, "GET", "/v1/pools");
  if (configuration->pool[0] != '\0') text_addf(&request, "/%s", configuration->pool);
  end(&request, NULL);
  bool answered = ask(configuration->socket, STATUS_MS, &request, failure);
  if (answered && talk.answer.status == 200) return true;
  if (answered) fail_by_problem(failure);
  failure->code = CNI_NOT_AVAILABLE;
  return false;
}
