#include "result.h"

#include <string.h>

static bool copy(struct json object, const char *key, char *text, size_t size) {
  struct json value;
  return json_get(object, key, &value) == JSON_FOUND && json_copy(value, text, size);
}

/* A member that is a string. */
static bool add_member(struct text *text, const char *key, const char *value) {
  text_addf(text, "\"%s\":", key);
  return text_add_json(text, value);
}

static bool add_interfaces(struct text *text, const struct cni_result *result, struct json lease) {
  struct json interface;
  struct json mtu;
  char mac[32];
  if (json_get(lease, "interface", &interface) != JSON_FOUND || !copy(interface, "mac", mac, sizeof mac)) return false;
  text_add(text, ",\"interfaces\":[");
  if (result->host_interface != NULL) {
    text_add(text, "{");
    add_member(text, "name", result->host_interface);
    text_add(text, "},");
  }
  text_add(text, "{");
  bool added = add_member(text, "name", result->ifname) && (text_add(text, ","), add_member(text, "mac", mac));
  if (result->version >= CNI_1_1_0 && json_get(interface, "mtu", &mtu) == JSON_FOUND && mtu.type == JSON_NUMBER) {
    text_add(text, ",\"mtu\":");
    text_add_bytes(text, mtu.start, (size_t)(mtu.end - mtu.start));
  }
  text_add(text, ",");
  added = added && add_member(text, "sandbox", result->sandbox);
  text_add(text, "}]");
  return added;
}

/* Before 1.0.0 an address says of which version it is. */
static bool add_address(struct text *text, const struct cni_result *result, struct json entry) {
  char address[64];
  char gateway[64];
  if (!copy(entry, "address", address, sizeof address)) return false;
  text_add(text, "{");
  if (result->version < CNI_1_0_0) text_addf(text, "\"version\":\"%c\",", strchr(address, ':') == NULL ? '4' : '6');
  text_addf(text, "\"interface\":%d,", result->host_interface == NULL ? 0 : 1);
  bool added = add_member(text, "address", address);
  if (copy(entry, "gateway", gateway, sizeof gateway)) {
    text_add(text, ",");
    added = added && add_member(text, "gateway", gateway);
  }
  text_add(text, "}");
  return added;
}

static bool add_route(struct text *text, struct json entry) {
  char destination[64];
  char gateway[64];
  if (!copy(entry, "destination", destination, sizeof destination) || !copy(entry, "gateway", gateway, sizeof gateway)) return false;
  text_add(text, "{");
  bool added = add_member(text, "dst", destination);
  text_add(text, ",");
  added = added && add_member(text, "gw", gateway);
  text_add(text, "}");
  return added;
}

/* `addresses` as `ips`, `routes` as `routes`. */
static bool add_list(struct text *text, const struct cni_result *result, struct json lease, bool routes) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  bool added = json_get(lease, routes ? "routes" : "addresses", &list) == JSON_FOUND && list.type == JSON_ARRAY;
  text_add(text, routes ? ",\"routes\":[" : ",\"ips\":[");
  for (int i = 0; added && json_next(list, &position, NULL, &entry); i++) {
    if (i > 0) text_add(text, ",");
    added = routes ? add_route(text, entry) : add_address(text, result, entry);
  }
  text_add(text, "]");
  return added;
}

/* Adds a list as it stands, under its name in a result; an empty one is left out, as libcni leaves it out. */
static void add_strings(struct text *text, struct json dns, const char *key, const char *name, bool *first) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  if (json_get(dns, key, &list) != JSON_FOUND || list.type != JSON_ARRAY || !json_next(list, &position, NULL, &entry)) return;
  text_addf(text, "%s\"%s\":", *first ? "" : ",", name);
  text_add_bytes(text, list.start, (size_t)(list.end - list.start));
  *first = false;
}

/* Leases and the capability say servers, search or searches; configurations and results nameservers, search, domain. */
static void add_dns(struct text *text, const struct cni_result *result, struct json lease) {
  struct json dns = result->dns;
  struct json domain;
  bool first = true;
  text_add(text, ",\"dns\":{");
  if (dns.start != NULL || json_get(lease, "dns", &dns) == JSON_FOUND) {
    add_strings(text, dns, "servers", "nameservers", &first);
    add_strings(text, dns, "nameservers", "nameservers", &first);
    add_strings(text, dns, "searches", "search", &first);
    add_strings(text, dns, "search", "search", &first);
    add_strings(text, dns, "options", "options", &first);
    if (json_get(dns, "domain", &domain) == JSON_FOUND && domain.type == JSON_STRING) {
      text_addf(text, "%s\"domain\":", first ? "" : ",");
      text_add_bytes(text, domain.start, (size_t)(domain.end - domain.start));
    }
  }
  text_add(text, "}");
}

bool cni_result_add(struct text *text, const struct cni_result *result, struct json lease) {
  text_addf(text, "{\"cniVersion\":\"%s\"", cni_version_text(result->version));
  bool added = add_interfaces(text, result, lease) && add_list(text, result, lease, false) && add_list(text, result, lease, true);
  add_dns(text, result, lease);
  text_add(text, "}\n");
  return added && !text->overflow;
}
