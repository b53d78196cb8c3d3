#include <sched.h>
#include <string.h>

#include "operations.h"
#include "interface.h"
#include "publish.h"
#include "target.h"

static bool copy(struct json object, const char *key, char *text, size_t size) {
  struct json value;
  return json_get(object, key, &value) == JSON_FOUND && json_copy(value, text, size);
}

/* The position in `interfaces` of the one that the container has, and its MAC; -1: the result names none. */
static long find_interface(struct json result, const char *ifname, char *mac, size_t mac_size) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  char name[64];
  char sandbox[PATH_MAX];
  if (json_get(result, "interfaces", &list) != JSON_FOUND) return -1;
  for (long i = 0; json_next(list, &position, NULL, &entry); i++) {
    bool is_inside = copy(entry, "sandbox", sandbox, sizeof sandbox) && sandbox[0] != '\0';
    if (!is_inside || !copy(entry, "name", name, sizeof name) || strcmp(name, ifname) != 0) continue;
    if (!copy(entry, "mac", mac, mac_size)) mac[0] = '\0';
    return i;
  }
  return -1;
}

static bool check_addresses(struct json result, const char *ifname, long interface_position, struct cni_failure *failure) {
  struct json list;
  struct json entry;
  struct json at;
  const char *position = NULL;
  char address[64];
  long number;
  if (json_get(result, "ips", &list) != JSON_FOUND) return true;
  while (json_next(list, &position, NULL, &entry)) {
    enum json_found found = json_get(entry, "interface", &at);
    /* Another plugin's of the list. */
    if (found == JSON_FOUND && json_integer(at, 0, 1024, &number) && number != interface_position) continue;
    if (!copy(entry, "address", address, sizeof address))
      return cni_fail(failure, CNI_UNDECODABLE, "an entry of prevResult's ips has no address");
    if (!cni_interface_has(ifname, address)) return cni_fail(failure, CNI_CHECK_FAILED, "%s has not the address %s any more", ifname, address);
  }
  return true;
}

static bool check_routes(struct json result, struct cni_failure *failure) {
  struct json list;
  struct json entry;
  const char *position = NULL;
  char destination[64];
  if (json_get(result, "routes", &list) != JSON_FOUND) return true;
  while (json_next(list, &position, NULL, &entry)) {
    if (!copy(entry, "dst", destination, sizeof destination) || strchr(destination, ':') != NULL) continue;
    if (!cni_has_route(destination)) return cni_fail(failure, CNI_CHECK_FAILED, "the route to %s is gone", destination);
  }
  return true;
}

static bool check_inside(struct json result, const char *ifname, struct cni_failure *failure) {
  struct cni_interface interface;
  char mac[64] = "";
  long position = find_interface(result, ifname, mac, sizeof mac);
  if (position < 0) return cni_fail(failure, CNI_CHECK_FAILED, "prevResult has no interface %s in the container", ifname);
  if (!cni_interface_read(&interface, ifname)) return cni_fail(failure, CNI_CHECK_FAILED, "the interface %s is gone", ifname);
  if (!interface.up) return cni_fail(failure, CNI_CHECK_FAILED, "the interface %s is down", ifname);
  if (mac[0] != '\0' && strcasecmp(mac, interface.mac) != 0)
    return cni_fail(failure, CNI_CHECK_FAILED, "the interface %s has the MAC %s instead of %s", ifname, interface.mac, mac);
  return check_addresses(result, ifname, position, failure) && check_routes(result, failure);
}

static bool find_attachment(const struct cni_environment *environment, const struct cni_configuration *configuration,
                            struct cni_attachment *attachment, struct cni_failure *failure) {
  char key[SHELF_KEY_MAX + 1];
  struct cni_attachments attachments;
  bool keyed = cni_key(key, environment->container_id, configuration->name, environment->ifname);
  bool opened = keyed && cni_attachments_open(&attachments, configuration->socket, false, failure);
  if (keyed && !opened && failure->code != 0) return false;
  bool found = opened && cni_attachment_read(&attachments, key, attachment);
  bool published = !found || attachment->ports.count == 0 ||
                   (cni_publish_open(&attachments, configuration->socket, failure) && cni_is_published(&attachments, attachment, failure));
  if (opened) cni_attachments_close(&attachments);
  if (!published) return false;
  return found || cni_fail(failure, CNI_CHECK_FAILED, "container %s has no %s of the network %s", environment->container_id,
                           environment->ifname, configuration->name);
}

bool cni_check(const struct cni_environment *environment, const struct cni_configuration *configuration, struct cni_failure *failure) {
  static struct cni_attachment attachment;
  struct cni_target target;
  if (configuration->prev_result.start == NULL)
    return cni_fail(failure, CNI_INVALID_CONFIGURATION, "CHECK needs the result of the ADD as \"prevResult\"");
  if (!find_attachment(environment, configuration, &attachment, failure) || !cni_target_open(&target, environment->netns, failure))
    return false;
  uint64_t expected = attachment.delivery == CNI_DELIVERY_OVERLAY ? attachment.netns_inode : attachment.target_inode;
  bool done = target.inode == expected || cni_fail(failure, CNI_CHECK_FAILED, "CNI_NETNS does not lead to the network that ADD put there");
  done = done && (setns(target.fd, CLONE_NEWNET) == 0 ||
                  cni_fail_errno(failure, CNI_CHECK_FAILED, "the container's network namespace cannot be entered"));
  done = done && check_inside(configuration->prev_result, environment->ifname, failure);
  cni_target_close(&target);
  return done;
}
