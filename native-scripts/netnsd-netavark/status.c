#include "status.h"

static void add_slice(struct text *text, struct json value) { text_add_bytes(text, value.start, (size_t)(value.end - value.start)); }

/* A list as it stands there; an empty one if there is none. */
static void add_list(struct text *text, struct json object, const char *key) {
  struct json value;
  if (json_get(object, key, &value) == JSON_FOUND)
    add_slice(text, value);
  else
    text_add(text, "[]");
}

/* The MAC of the interface that has a sandbox: the other one is the host's. */
static bool add_mac(struct text *text, struct json result) {
  struct json list;
  struct json entry;
  struct json mac;
  struct json sandbox;
  const char *position = NULL;
  if (json_get(result, "interfaces", &list) != JSON_FOUND) return false;
  while (json_next(list, &position, NULL, &entry)) {
    if (json_get(entry, "sandbox", &sandbox) != JSON_FOUND || json_get(entry, "mac", &mac) != JSON_FOUND || mac.type != JSON_STRING) continue;
    add_slice(text, mac);
    return true;
  }
  return false;
}

static bool add_addresses(struct text *text, struct json result) {
  struct json list;
  struct json entry;
  struct json address;
  struct json gateway;
  const char *position = NULL;
  if (json_get(result, "ips", &list) != JSON_FOUND || list.type != JSON_ARRAY) return false;
  for (int i = 0; json_next(list, &position, NULL, &entry); i++) {
    if (json_get(entry, "address", &address) != JSON_FOUND || address.type != JSON_STRING) return false;
    text_addf(text, "%s{\"ipnet\":", i == 0 ? "" : ",");
    add_slice(text, address);
    if (json_get(entry, "gateway", &gateway) == JSON_FOUND && gateway.type == JSON_STRING) {
      text_add(text, ",\"gateway\":");
      add_slice(text, gateway);
    }
    text_add(text, "}");
  }
  return true;
}

bool netavark_status_add(struct text *text, const char *ifname, struct json result) {
  struct json dns;
  if (json_get(result, "dns", &dns) != JSON_FOUND || dns.type != JSON_OBJECT) return false;
  text_add(text, "{\"dns_search_domains\":");
  add_list(text, dns, "search");
  text_add(text, ",\"dns_server_ips\":");
  add_list(text, dns, "nameservers");
  text_add(text, ",\"interfaces\":{");
  bool added = text_add_json(text, ifname);
  text_add(text, ":{\"mac_address\":");
  added = added && add_mac(text, result);
  text_add(text, ",\"subnets\":[");
  added = added && add_addresses(text, result);
  text_add(text, "]}}}\n");
  return added && !text->overflow;
}

bool netavark_network_add(struct text *text, struct json network) {
  struct json key;
  struct json value;
  const char *position = NULL;
  if (network.type != JSON_OBJECT) return false;
  text_add(text, "{\"dns_enabled\":false");
  while (json_next(network, &position, &key, &value)) {
    if (json_is_named(key, "dns_enabled")) continue;
    text_add(text, ",");
    add_slice(text, key);
    text_add(text, ":");
    add_slice(text, value);
  }
  text_add(text, "}\n");
  return !text->overflow;
}
