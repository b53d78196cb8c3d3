#include "exec.h"

#include <stdio.h>
#include <string.h>

#include "names.h"
#include "pod-lease.h"

static bool fail(struct cni_failure *failure, const char *key, const char *what) {
  return cni_fail(failure, CNI_INVALID_CONFIGURATION, "%s %s", key, what);
}

/* A string that may be missing, or null; then `copy` stays as it is. */
static bool read_string(struct json object, const char *key, char *copy, size_t size, struct cni_failure *failure) {
  struct json value;
  enum json_found found = json_get(object, key, &value);
  if (found == JSON_MISSING) return true;
  return (found == JSON_FOUND && json_copy(value, copy, size)) || fail(failure, key, "is no string, or too long a one");
}

static bool read_object(struct json object, const char *key, struct json *value, struct cni_failure *failure) {
  enum json_found found = json_get(object, key, value);
  return (found == JSON_FOUND && value->type == JSON_OBJECT) || fail(failure, key, "is no object");
}

/* Null, false, "", [] and {} say nothing. */
static bool says_something(struct json object, const char *key) {
  struct json value;
  struct json member;
  const char *position = NULL;
  enum json_found found = json_get(object, key, &value);
  if (found != JSON_FOUND) return found == JSON_TWICE;
  if (value.type == JSON_ARRAY || value.type == JSON_OBJECT) return json_next(value, &position, NULL, &member);
  return value.type != JSON_NULL && value.type != JSON_FALSE && !json_is(value, "");
}

static bool read_delivery(struct cni_configuration *configuration, struct json options, struct cni_failure *failure) {
  char delivery[16] = "graft";
  if (!read_string(options, "delivery", delivery, sizeof delivery, failure)) return false;
  configuration->graft = strcmp(delivery, "graft") == 0;
  return configuration->graft || strcmp(delivery, "overlay") == 0 || fail(failure, "delivery", "is graft or overlay");
}

static bool read_options(struct cni_configuration *configuration, struct json options, struct cni_failure *failure) {
  static const char *const known[] = {"pool", "tenant", "socket", "delivery"};
  struct json key;
  struct json value;
  const char *position = NULL;
  while (json_next(options, &position, &key, &value)) {
    char name[64] = "";
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0] && !found; i++) found = json_is(key, known[i]);
    if (!found && !json_copy(key, name, sizeof name)) name[0] = '\0';
    if (!found) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "the option \"%s\" is none of pool, tenant, socket and delivery", name);
  }
  if (!read_string(options, "pool", configuration->pool, sizeof configuration->pool, failure) ||
      !read_string(options, "tenant", configuration->tenant, sizeof configuration->tenant, failure) ||
      !read_string(options, "socket", configuration->socket, sizeof configuration->socket, failure) ||
      !read_delivery(configuration, options, failure))
    return false;
  if (configuration->pool[0] != '\0' && !is_plain_name(configuration->pool)) return fail(failure, "pool", "is no pool's name: see `netnsd pool list`");
  if (!is_tenant_name(configuration->tenant)) return fail(failure, "tenant", "has letters, digits and _.:@- behind a letter or a digit");
  return configuration->socket[0] == '/' || fail(failure, "socket", "is an absolute path");
}

static bool read_name(struct cni_configuration *configuration, struct json network, struct cni_failure *failure) {
  char name[CNI_NAME_MAX + 1] = "";
  if (!read_string(network, "name", name, sizeof name, failure)) return false;
  /* CNI's networks are others, whatever they are called. */
  bool fits = snprintf(configuration->name, sizeof configuration->name, "netavark.%s", name) < (int)sizeof configuration->name;
  return (fits && name[0] != '\0' && cni_is_name(configuration->name)) ||
         fail(failure, "name", "has letters, digits and _.- behind a letter or a digit, at most 246");
}

static bool read_options_if_any(struct cni_configuration *configuration, struct json network, struct cni_failure *failure) {
  struct json options;
  enum json_found found = json_get(network, "options", &options);
  *configuration = (struct cni_configuration){.version = CNI_NEWEST, .graft = true, .ports_are_held = true};
  strcpy(configuration->socket, CNI_DEFAULT_SOCKET);
  strcpy(configuration->tenant, "default");
  if (found == JSON_MISSING) return true;
  if (found != JSON_FOUND || options.type != JSON_OBJECT) return fail(failure, "options", "is no object");
  return read_options(configuration, options, failure);
}

bool netavark_network_read(struct cni_configuration *configuration, struct json network, struct cni_failure *failure) {
  static const char *const refused[] = {"subnets", "routes", "internal", "ipv6_enabled", "network_dns_servers"};
  if (!read_options_if_any(configuration, network, failure) || !read_name(configuration, network, failure)) return false;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    if (says_something(network, refused[i]))
      return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "%s: what the network is like is the pool's configuration, take it out", refused[i]);
  return true;
}

/* "tcp", "udp", or both with a comma between; nothing is tcp. */
static bool add_protocols(struct text *list, const char *protocols, unsigned host_port, unsigned container_port, const char *host_ip) {
  char copy[64];
  char *rest = copy;
  snprintf(copy, sizeof copy, "%s", protocols[0] == '\0' ? "tcp" : protocols);
  for (char *protocol; (protocol = strsep(&rest, ",")) != NULL;) {
    text_addf(list, "%s{\"hostPort\":%u,\"containerPort\":%u,\"protocol\":", list->length > 1 ? "," : "", host_port, container_port);
    if (!text_add_json(list, protocol)) return false;
    text_add(list, ",\"hostIP\":");
    if (!text_add_json(list, host_ip)) return false;
    text_add(list, "}");
  }
  return !list->overflow;
}

static bool add_mapping(struct text *list, struct json entry, struct cni_failure *failure) {
  char protocols[64] = "";
  char host_ip[64] = "";
  long numbers[3];
  static const char *const keys[] = {"host_port", "container_port", "range"};
  for (int i = 0; i < 3; i++) {
    struct json value;
    enum json_found found = json_get(entry, keys[i], &value);
    numbers[i] = 1;
    if (found == JSON_MISSING && i == 2) continue;
    if (found != JSON_FOUND || !json_integer(value, i == 2 ? 0 : 1, 65535, &numbers[i])) return fail(failure, keys[i], "is no port");
  }
  if (!read_string(entry, "protocol", protocols, sizeof protocols, failure) || !read_string(entry, "host_ip", host_ip, sizeof host_ip, failure))
    return false;
  if (numbers[2] > CNI_PORTS_MAX) return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "a container may publish %d ports", CNI_PORTS_MAX);
  for (long i = 0; i < (numbers[2] == 0 ? 1 : numbers[2]); i++)
    if (!add_protocols(list, protocols, (unsigned)(numbers[0] + i), (unsigned)(numbers[1] + i), host_ip))
      return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "port_mappings: more than %d ports, or a word that is no text", CNI_PORTS_MAX);
  return true;
}

/* In the form of the CNI capability, whose reader judges them. */
static bool read_mappings(struct cni_ports *ports, struct json root, struct cni_failure *failure) {
  static char bytes[CNI_PORTS_MAX * 160];
  struct text list = text_in(bytes, sizeof bytes);
  struct json mappings;
  struct json entry;
  const char *position = NULL;
  enum json_found found = json_get(root, "port_mappings", &mappings);
  if (found == JSON_MISSING) return true;
  if (found != JSON_FOUND || mappings.type != JSON_ARRAY) return fail(failure, "port_mappings", "is no list");
  text_add(&list, "[");
  while (json_next(mappings, &position, NULL, &entry))
    if (entry.type != JSON_OBJECT || !add_mapping(&list, entry, failure)) return entry.type == JSON_OBJECT ? false : fail(failure, "port_mappings", "has what is no object");
  text_add(&list, "]");
  struct json whole;
  if (list.overflow || !json_parse(bytes, list.length, &whole)) return fail(failure, "port_mappings", "has too many ports");
  return cni_ports_read(ports, whole, failure);
}

/* netavark gives a container's ports to each of its networks: the first one publishes them. */
static bool is_first(const char *ifname) { return strncmp(ifname, "eth", 3) != 0 || strcmp(ifname, "eth0") == 0; }

static bool read_container(struct netavark_exec *exec, struct json root, struct json options, struct cni_failure *failure) {
  if (!read_string(root, "container_id", exec->container_id, sizeof exec->container_id, failure) ||
      !read_string(options, "interface_name", exec->ifname, sizeof exec->ifname, failure))
    return false;
  if (!cni_is_name(exec->container_id)) return fail(failure, "container_id", "is no container's id");
  return cni_is_ifname(exec->ifname) || fail(failure, "interface_name", "is no interface's name");
}

static bool read_wishes(struct netavark_exec *exec, struct json root, struct json options, struct cni_failure *failure) {
  static const char *const refused[] = {"static_ips", "static_mac"};
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    if (says_something(options, refused[i]))
      return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "%s: netnsd chooses addresses before there is a container; take it out", refused[i]);
  return !is_first(exec->ifname) || read_mappings(&exec->configuration.ports, root, failure);
}

bool netavark_exec_read(struct netavark_exec *exec, const char *text, size_t length, enum cni_command command, const char *netns,
                        struct cni_failure *failure) {
  struct json root;
  struct json network;
  struct json options;
  *exec = (struct netavark_exec){.environment = {.command = command, .netns = netns}};
  exec->environment.container_id = exec->container_id;
  exec->environment.ifname = exec->ifname;
  if (!json_parse(text, length, &root) || root.type != JSON_OBJECT) return cni_fail(failure, CNI_UNDECODABLE, "stdin is no JSON object");
  if (netns[0] != '/' || strlen(netns) >= PATH_MAX) return fail(failure, "the network namespace", "is no absolute path");
  if (!read_object(root, "network", &network, failure) || !read_object(root, "network_options", &options, failure) ||
      !read_container(exec, root, options, failure))
    return false;
  if (command == CNI_DEL)
    return read_options_if_any(&exec->configuration, network, failure) && read_name(&exec->configuration, network, failure);
  return netavark_network_read(&exec->configuration, network, failure) && read_wishes(exec, root, options, failure);
}
