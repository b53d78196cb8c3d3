#include "runtime-config.h"

#include <string.h>

#include "names.h"
#include "spec.h"

/* Whether it says nothing: null, false, "", [] or {}. */
static bool is_nothing(struct json value) {
  struct json member;
  const char *position = NULL;
  switch (value.type) {
    case JSON_NULL:
    case JSON_FALSE: return true;
    case JSON_STRING: return value.end - value.start == 2;
    case JSON_ARRAY:
    case JSON_OBJECT: return !json_next(value, &position, NULL, &member);
    default: return false;
  }
}

static bool get_object(struct json root, const char *key, struct json *value, struct cni_failure *failure) {
  enum json_found found = json_get(root, key, value);
  if (found == JSON_MISSING) *value = (struct json){.type = JSON_NULL, .start = NULL};
  if (found == JSON_TWICE || (found == JSON_FOUND && value->type != JSON_OBJECT))
    return cni_fail(failure, CNI_UNDECODABLE, "\"%s\" is not one object", key);
  return true;
}

static bool refuse_if_set(struct json object, const char *key, const char *advice, struct cni_failure *failure) {
  struct json value;
  enum json_found found = json_get(object, key, &value);
  if (found == JSON_MISSING || (found == JSON_FOUND && is_nothing(value))) return true;
  return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "%s: %s", key, advice);
}

static bool is_list_of_strings(struct json object, const char *key) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  enum json_found found = json_get(object, key, &list);
  if (found != JSON_FOUND) return found == JSON_MISSING;
  if (list.type != JSON_ARRAY) return false;
  while (json_next(list, &position, NULL, &entry))
    if (entry.type != JSON_STRING) return false;
  return true;
}

/* `dns` of the configuration has other names than the capability: nameservers, search, options; servers, searches, options. */
static bool read_dns(struct cni_configuration *configuration, struct json holder, struct cni_failure *failure) {
  static const char *const lists[] = {"nameservers", "servers", "search", "searches", "options"};
  struct json dns;
  if (!get_object(holder, "dns", &dns, failure)) return false;
  if (dns.start == NULL) return true;
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    if (!is_list_of_strings(dns, lists[i])) return cni_fail(failure, CNI_INVALID_CONFIGURATION, "\"dns.%s\" is no list of strings", lists[i]);
  if (!is_nothing(dns)) configuration->dns = dns;
  return true;
}

static bool read_annotations(struct cni_configuration *configuration, struct json runtime, struct cni_failure *failure) {
  struct json annotations;
  struct json pool;
  if (!get_object(runtime, "io.kubernetes.cri.pod-annotations", &annotations, failure)) return false;
  enum json_found found = json_get(annotations, ANNOTATION_POOL, &pool);
  if (found == JSON_MISSING) return true;
  if (found == JSON_FOUND && json_copy(pool, configuration->pool, sizeof configuration->pool) && is_plain_name(configuration->pool))
    return true;
  return cni_fail(failure, CNI_INVALID_CONFIGURATION, "the pod's annotation " ANNOTATION_POOL " is no pool's name: see `netnsd pool list`");
}

static bool read_port_mappings(struct cni_configuration *configuration, struct json runtime, struct cni_failure *failure) {
  struct json list;
  enum json_found found = json_get(runtime, "portMappings", &list);
  if (found == JSON_TWICE) return cni_fail(failure, CNI_UNDECODABLE, "\"portMappings\" stands there twice");
  return found == JSON_MISSING || is_nothing(list) || cni_ports_read(&configuration->ports, list, failure);
}

static bool read_bandwidth(struct cni_configuration *configuration, struct json runtime, struct cni_failure *failure) {
  struct json bandwidth;
  enum json_found found = json_get(runtime, "bandwidth", &bandwidth);
  if (found == JSON_TWICE) return cni_fail(failure, CNI_UNDECODABLE, "\"bandwidth\" stands there twice");
  return found == JSON_MISSING || is_nothing(bandwidth) || cni_rates_read(&configuration->rates, bandwidth, failure);
}

static bool read_runtime(struct cni_configuration *configuration, struct json root, struct cni_failure *failure) {
  struct json runtime;
  static const char before[] = "netnsd chooses addresses before there is a container; take this capability out of the configuration";
  if (!get_object(root, "runtimeConfig", &runtime, failure)) return false;
  return read_port_mappings(configuration, runtime, failure) &&
         read_bandwidth(configuration, runtime, failure) &&
         refuse_if_set(runtime, "ips", before, failure) && refuse_if_set(runtime, "mac", before, failure) &&
         refuse_if_set(runtime, "ipRanges", before, failure) && read_annotations(configuration, runtime, failure) &&
         read_dns(configuration, runtime, failure);
}

/* `args.cni`: what a person wants of the plugins. */
static bool read_args(struct json root, struct cni_failure *failure) {
  struct json args;
  struct json cni;
  static const char advice[] = "netnsd chooses addresses before there is a container; take it out of \"args\"";
  if (!get_object(root, "args", &args, failure) || !get_object(args, "cni", &cni, failure)) return false;
  return refuse_if_set(cni, "ips", advice, failure) && refuse_if_set(cni, "mac", advice, failure);
}

bool cni_runtime_config_read(struct cni_configuration *configuration, struct json root, struct cni_failure *failure) {
  return refuse_if_set(root, "ipam", "addresses are the pool's: leave the section out", failure) && read_args(root, failure) &&
         read_dns(configuration, root, failure) && read_runtime(configuration, root, failure);
}
