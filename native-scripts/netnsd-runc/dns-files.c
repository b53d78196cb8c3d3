#include "dns-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "new-file.h"
#include "text.h"

enum { HOST_NAME_MAX_BYTES = 253, FILE_MAX = 16384 };

static bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/* isHostName in resolver-files.ts. */
static bool is_host_name(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length > HOST_NAME_MAX_BYTES || !is_alphanumeric(name[0]) || !is_alphanumeric(name[length - 1])) return false;
  for (const char *at = name; *at != '\0'; at++)
    if (!is_alphanumeric(*at) && strchr("._-", *at) == NULL) return false;
  return true;
}

static void add_address(struct text *text, const char *address, const char *const names[], size_t count) {
  bool begun = false;
  for (size_t i = 0; i < count; i++) {
    bool repeated = i > 0 && strcmp(names[i], names[0]) == 0;
    if (!is_host_name(names[i]) || repeated) continue;
    if (!begun) text_add_bytes(text, address, strcspn(address, "/"));
    text_add(text, begun ? " " : "\t");
    text_add(text, names[i]);
    begun = true;
  }
  if (begun) text_add(text, "\n");
}

bool dns_render_hosts(struct text *text, struct json addresses, const char *const names[], size_t count) {
  struct json entry;
  struct json value;
  const char *position = NULL;
  char address[64];
  text_add(text, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
  if (addresses.type != JSON_ARRAY) return false;
  while (json_next(addresses, &position, NULL, &entry)) {
    if (json_get(entry, "address", &value) != JSON_FOUND || !json_copy(value, address, sizeof address)) return false;
    add_address(text, address, names, count);
  }
  return true;
}

/* One line with all strings of a list, or a line each. */
static bool add_list(struct text *text, struct json dns, const char *name, const char *keyword, bool line_each) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  bool begun = false;
  if (json_get(dns, name, &list) != JSON_FOUND || list.type != JSON_ARRAY) return false;
  while (json_next(list, &position, NULL, &entry)) {
    char value[512];
    if (!json_copy(entry, value, sizeof value) || strpbrk(value, "\r\n") != NULL) return false;
    if (begun && line_each) text_add(text, "\n");
    if (!begun || line_each) text_add(text, keyword);
    text_addf(text, " %s", value);
    begun = true;
  }
  if (begun) text_add(text, "\n");
  return true;
}

bool dns_render_resolv_conf(struct text *text, struct json dns) {
  return dns.type == JSON_OBJECT && add_list(text, dns, "search", "search", false) && add_list(text, dns, "servers", "nameserver", true) &&
         add_list(text, dns, "options", "options", false) && !text->overflow;
}

/* Readable by all, for containers that run as any user; the folders above it keep the machine's own users out. */
static bool write_file(int folder, const char *name, const struct text *text) {
  int fd = text->overflow ? -1 : new_file_at(folder, name);
  if (fd < 0) return false;
  struct iovec piece = {.iov_base = text->bytes, .iov_len = text->length};
  bool written = write_pieces(fd, &piece, 1) && fchmod(fd, 0644) == 0;
  close(fd);
  return written;
}

/* The path of what a descriptor is open on, proc_pid_fd(5), and behind it the name of a file in it. */
static bool path_in(char path[PATH_MAX], int folder, const char *name) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, path, PATH_MAX);
  if (length <= 0 || length >= PATH_MAX || path[0] != '/') return false;
  int more = snprintf(path + length, PATH_MAX - (size_t)length, "/%s", name);
  return length + more < PATH_MAX;
}

/* Its name is the lease's id, which is unique. */
static int make_folder(const struct shelf *shelf, const char *lease) {
  char path[64];
  if (mkdirat(shelf->fd, "../dns", 0700) < 0 && errno != EEXIST) return -1;
  snprintf(path, sizeof path, "../dns/%s", lease);
  if (mkdirat(shelf->fd, path, 0700) < 0) return -1;
  return openat(shelf->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool dns_files_write(struct dns_files *files, const struct shelf *shelf, const struct taken *taken, const struct spec_places *places,
                     const char *id) {
  static char hosts_bytes[FILE_MAX];
  static char resolv_conf_bytes[FILE_MAX];
  struct text hosts = text_in(hosts_bytes, sizeof hosts_bytes);
  struct text resolv_conf = text_in(resolv_conf_bytes, sizeof resolv_conf_bytes);
  char host_name[HOST_NAME_MAX_BYTES + 1];
  struct json root;
  struct json dns;
  struct json addresses;
  bool named = places->hostname.start != NULL && json_copy(places->hostname, host_name, sizeof host_name);
  if (!named) host_name[0] = '\0';
  if (!json_parse(taken->offer.text, taken->offer.length, &root) || json_get(root, "dns", &dns) != JSON_FOUND) return false;
  if (json_get(root, "addresses", &addresses) != JSON_FOUND) return false;
  if (!dns_render_hosts(&hosts, addresses, (const char *const[]){host_name, id}, 2)) return false;
  if (!dns_render_resolv_conf(&resolv_conf, dns)) return false;
  int folder = make_folder(shelf, taken->lease);
  if (folder < 0) return false;
  bool written = path_in(files->hosts, folder, "hosts") && write_file(folder, "hosts", &hosts);
  files->resolv_conf[0] = '\0';
  if (written && resolv_conf.length > 0)
    written = path_in(files->resolv_conf, folder, "resolv.conf") && write_file(folder, "resolv.conf", &resolv_conf);
  close(folder);
  return written;
}
