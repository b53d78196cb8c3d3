/* The parsers of netnsd-cni, for fuzz.c. */
#include <stdlib.h>
#include <string.h>

#include "attachment.h"
#include "configuration.h"
#include "fuzz.h"
#include "pod-lease.h"
#include "names.h"
#include "result.h"

/* The variables of a CNI plugin, one a line: what stands there for those that are asked for. */
static const char *cni_variables;

static const char *get_cni_variable(const char *name) {
  static const char *const names[] = {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS"};
  static char values[sizeof names / sizeof names[0]][2048];
  size_t which = 0;
  while (which < sizeof names / sizeof names[0] && strcmp(name, names[which]) != 0) which++;
  require(which < sizeof names / sizeof names[0]);
  size_t length = strlen(name);
  for (const char *line = cni_variables; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    size_t size = strcspn(line, "\n");
    if (size <= length || strncmp(line, name, length) != 0 || line[length] != '=' || size - length > sizeof values[which]) continue;
    memcpy(values[which], line + length + 1, size - length - 1);
    values[which][size - length - 1] = '\0';
    return values[which];
  }
  return NULL;
}

void fuzz_cni_environment(const char *text, size_t size) {
  static struct cni_environment environment;
  struct cni_failure failure;
  char *copy = strndup(text, size);
  require(copy != NULL);
  cni_variables = copy;
  if (cni_environment_read(&environment, get_cni_variable, &failure)) {
    char key[SHELF_KEY_MAX + 1];
    require(strlen(environment.pod_namespace) < sizeof environment.pod_namespace);
    if (environment.command <= CNI_CHECK) {
      require(cni_is_name(environment.container_id) && cni_is_ifname(environment.ifname));
      if (cni_key(key, environment.container_id, "net", environment.ifname)) require(strchr(key, '/') == NULL && key[0] != '.');
    }
  }
  free(copy);
}

/* What was read is written in a form that reads the same. */
static void fuzz_ports(const struct cni_ports *ports) {
  static char bytes[CNI_PORTS_MAX * 128];
  static char bytes_again[sizeof bytes];
  static struct cni_ports again;
  struct text text = text_in(bytes, sizeof bytes);
  struct cni_failure failure;
  struct json list;
  cni_ports_add(&text, ports);
  require(!text.overflow && json_parse(bytes, text.length, &list) && cni_ports_read(&again, list, &failure));
  struct text text_again = text_in(bytes_again, sizeof bytes_again);
  cni_ports_add(&text_again, &again);
  require(again.count == ports->count && strcmp(bytes, bytes_again) == 0);
}

void fuzz_cni_configuration(const char *text, size_t size) {
  static struct cni_configuration configuration;
  struct cni_failure failure;
  for (int command = CNI_ADD; command <= CNI_GC; command++) {
    struct cni_environment environment = {.command = (enum cni_command)command};
    if (!cni_configuration_read(&configuration, text, size, &environment, &failure)) {
      require(failure.code > 0 && configuration.version < CNI_VERSIONS);
      continue;
    }
    require(cni_is_name(configuration.name) && configuration.socket[0] == '/');
    require(configuration.pool[0] == '\0' || is_plain_name(configuration.pool));
    fuzz_ports(&configuration.ports);
  }
}

/* A result of whatever was taken for a lease is JSON, and says what was asked. */
void fuzz_cni_lease(const char *text, size_t size) {
  static struct cni_lease lease;
  static struct cni_attachment attachment;
  static char bytes[2 * CNI_LEASE_MAX];
  struct json root;
  cni_attachment_parse(&attachment, text, size);
  if (size >= sizeof lease.text) return;
  memcpy(lease.text, text, size);
  if (!cni_lease_parse(&lease, size)) return;
  for (int version = CNI_0_3_1; version < CNI_VERSIONS; version++) {
    struct text result_text = text_in(bytes, sizeof bytes);
    const struct cni_result result = {.version = (enum cni_version)version, .ifname = "eth0", .sandbox = "/run/n", .host_interface = "nd-1"};
    if (cni_result_add(&result_text, &result, lease.root)) require(json_parse(bytes, result_text.length, &root) && root.type == JSON_OBJECT);
  }
}
