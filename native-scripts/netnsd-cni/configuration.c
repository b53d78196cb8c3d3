#include "configuration.h"

#include <stdio.h>
#include <string.h>

#include "names.h"
#include "runtime-config.h"

const char *cni_version_text(enum cni_version version) {
  static const char *const texts[] = {"0.3.1", "0.4.0", "1.0.0", "1.1.0"};
  return texts[version];
}

int cni_version_of(struct json text) {
  for (int version = 0; version < CNI_VERSIONS; version++)
    if (json_is(text, cni_version_text((enum cni_version)version))) return version;
  return -1;
}

/* The version from which on a command is one. */
static enum cni_version since(enum cni_command command) {
  if (command == CNI_STATUS || command == CNI_GC) return CNI_1_1_0;
  return command == CNI_CHECK ? CNI_0_4_0 : CNI_0_3_1;
}

static bool read_version(struct cni_configuration *configuration, struct json root, const struct cni_environment *environment,
                         struct cni_failure *failure) {
  struct json value;
  char text[32] = "";
  configuration->version = CNI_NEWEST;
  enum json_found found = json_get(root, "cniVersion", &value);
  /* The specification: without one it is 0.1.0. */
  if (found == JSON_MISSING) return cni_fail(failure, CNI_INCOMPATIBLE_VERSION, "cniVersion is missing: 0.3.1, 0.4.0, 1.0.0 and 1.1.0 are served");
  if (found == JSON_TWICE || value.type != JSON_STRING) return cni_fail(failure, CNI_UNDECODABLE, "cniVersion is not one string");
  int version = cni_version_of(value);
  if (!json_copy(value, text, sizeof text)) text[0] = '\0';
  if (version < 0)
    return cni_fail(failure, CNI_INCOMPATIBLE_VERSION, "cniVersion \"%s\" is not served: use 0.3.1, 0.4.0, 1.0.0 or 1.1.0", text);
  configuration->version = (enum cni_version)version;
  enum cni_version first = since(environment->command);
  if (configuration->version >= first) return true;
  return cni_fail(failure, CNI_INCOMPATIBLE_VERSION, "this command came with cniVersion %s, and the configuration has %s",
                  cni_version_text(first), text);
}

/* A string that may be missing; then `copy` stays empty. */
static bool read_string(struct json root, const char *key, char *copy, size_t size, struct cni_failure *failure) {
  struct json value;
  enum json_found found = json_get(root, key, &value);
  copy[0] = '\0';
  if (found == JSON_MISSING) return true;
  if (found == JSON_TWICE) return cni_fail(failure, CNI_UNDECODABLE, "\"%s\" stands there twice", key);
  if (value.type != JSON_STRING) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "\"%s\" is no string", key);
  return json_copy(value, copy, size) ||
         cni_fail(failure, CNI_INVALID_CONFIGURATION, "\"%s\" has more than %zu bytes, or is no text", key, size - 1);
}

static bool read_name(struct cni_configuration *configuration, struct json root, struct cni_failure *failure) {
  if (!read_string(root, "name", configuration->name, sizeof configuration->name, failure)) return false;
  return cni_is_name(configuration->name) ||
         cni_fail(failure, CNI_INVALID_CONFIGURATION,
                  "\"name\" must name the network: letters, digits and _.- behind a letter or a digit");
}

static bool read_tenant(struct cni_configuration *configuration, struct json root, const struct cni_environment *environment,
                        struct cni_failure *failure) {
  char *tenant = configuration->tenant;
  if (!read_string(root, "tenant", tenant, CNI_TENANT_SIZE, failure)) return false;
  if (tenant[0] == '\0') strcpy(tenant, "default");
  bool by_namespace = strcmp(tenant, "namespace") == 0;
  if (by_namespace && environment->command != CNI_ADD) return true;
  if (by_namespace && environment->pod_namespace[0] == '\0')
    return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "tenant \"namespace\" needs K8S_POD_NAMESPACE in CNI_ARGS, which this runtime does not give");
  if (by_namespace) memcpy(tenant, environment->pod_namespace, sizeof environment->pod_namespace);
  if (is_tenant_name(tenant)) return true;
  return by_namespace ? cni_fail(failure, CNI_INVALID_ENVIRONMENT, "K8S_POD_NAMESPACE \"%s\" cannot be a tenant's name", tenant)
                      : cni_fail(failure, CNI_INVALID_CONFIGURATION,
                                 "\"tenant\" must be \"namespace\", or letters, digits and _.:@- behind a letter or a digit");
}

static bool read_socket(struct cni_configuration *configuration, struct json root, struct cni_failure *failure) {
  if (!read_string(root, "socket", configuration->socket, sizeof configuration->socket, failure)) return false;
  if (configuration->socket[0] == '\0') strcpy(configuration->socket, CNI_DEFAULT_SOCKET);
  return configuration->socket[0] == '/' || cni_fail(failure, CNI_INVALID_CONFIGURATION, "\"socket\" must be an absolute path");
}

static bool read_own(struct cni_configuration *configuration, struct json root, const struct cni_environment *environment,
                     struct cni_failure *failure) {
  char type[64];
  if (!read_string(root, "type", type, sizeof type, failure) || !read_string(root, "pool", configuration->pool, CNI_POOL_SIZE, failure) ||
      !read_socket(configuration, root, failure) || !read_tenant(configuration, root, environment, failure))
    return false;
  if (type[0] == '\0') return cni_fail(failure, CNI_INVALID_CONFIGURATION, "\"type\" is missing");
  return configuration->pool[0] == '\0' || is_plain_name(configuration->pool) ||
         cni_fail(failure, CNI_INVALID_CONFIGURATION, "\"pool\" is no pool's name: see `netnsd pool list`");
}

/* Keys of other plugins would be without effect; those with a slash are namespaced, and not meant for us. */
static bool refuse_unknown_keys(struct json root, struct cni_failure *failure) {
  static const char *const known[] = {"cniVersion", "name", "type",         "pool", "socket", "tenant",      "capabilities", "runtimeConfig",
                                      "prevResult", "args", "disableCheck", "dns",  "ipam",   "disableGC"};
  struct json key;
  struct json value;
  const char *position = NULL;
  while (json_next(root, &position, &key, &value)) {
    char name[64] = "";
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0] && !found; i++) found = json_is(key, known[i]);
    if (found) continue;
    if (!json_copy(key, name, sizeof name)) name[0] = '\0';
    if (strchr(name, '/') == NULL)
      return cni_fail(failure, CNI_INVALID_CONFIGURATION,
                      "\"%s\" is no key of netnsd-cni, which has pool, socket and tenant; what the network is like is the pool's configuration",
                      name);
  }
  return true;
}

static bool read_objects(struct cni_configuration *configuration, struct json root, const struct cni_environment *environment,
                         struct cni_failure *failure) {
  struct json *prev = &configuration->prev_result;
  enum json_found found = json_get(root, "prevResult", prev);
  if (found == JSON_MISSING) prev->start = NULL;
  if (found == JSON_TWICE || (found == JSON_FOUND && prev->type != JSON_OBJECT))
    return cni_fail(failure, CNI_UNDECODABLE, "\"prevResult\" is not one object");
  if (found == JSON_FOUND && environment->command == CNI_ADD)
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "netnsd-cni gives the interface: it must be the first plugin of its list");
  if (environment->command != CNI_GC) return true;
  found = json_get(root, "cni.dev/valid-attachments", &configuration->valid_attachments);
  if (found == JSON_FOUND && configuration->valid_attachments.type == JSON_ARRAY) return true;
  return cni_fail(failure, CNI_INVALID_CONFIGURATION, "\"cni.dev/valid-attachments\" is not one list: GC would end every attachment");
}

bool cni_configuration_read(struct cni_configuration *configuration, const char *text, size_t length,
                            const struct cni_environment *environment, struct cni_failure *failure) {
  struct json root;
  *configuration = (struct cni_configuration){.version = CNI_NEWEST};
  if (!json_parse(text, length, &root) || root.type != JSON_OBJECT)
    return cni_fail(failure, CNI_UNDECODABLE, "the configuration on stdin is no JSON object");
  return read_version(configuration, root, environment, failure) && read_name(configuration, root, failure) &&
         read_own(configuration, root, environment, failure) && read_objects(configuration, root, environment, failure) &&
         /* A DEL has to succeed for what an older configuration attached. */
         (environment->command == CNI_DEL || environment->command == CNI_GC ||
          (refuse_unknown_keys(root, failure) && cni_runtime_config_read(configuration, root, failure)));
}
