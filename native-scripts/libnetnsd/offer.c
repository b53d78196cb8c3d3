#include "offer.h"

#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "names.h"
#include "text.h"

/* Whether a spec can carry it as it is. */
static bool is_printable(const char *at) {
  const char *end = at + strlen(at);
  while (at < end) {
    size_t length = utf8_length(at, end);
    if (length == 0 || (unsigned char)*at < 0x20 || *at == 0x7f) return false;
    at += length;
  }
  return true;
}

static bool copy(struct json object, const char *name, char *field, size_t size) {
  struct json value;
  return json_get(object, name, &value) == JSON_FOUND && json_copy(value, field, size) && field[0] != '\0' && is_printable(field);
}

static bool read_netns(struct offer *offer, struct json root) {
  struct json netns;
  struct json inode;
  return json_get(root, "netns", &netns) == JSON_FOUND && copy(netns, "path", offer->path, sizeof offer->path) && offer->path[0] == '/' &&
         json_get(netns, "inode", &inode) == JSON_FOUND && json_unsigned(inode, &offer->inode);
}

static bool read_address(struct offer *offer, struct json root) {
  struct json addresses;
  struct json first;
  const char *position = NULL;
  return json_get(root, "addresses", &addresses) == JSON_FOUND && addresses.type == JSON_ARRAY &&
         json_next(addresses, &position, NULL, &first) && copy(first, "address", offer->address, sizeof offer->address);
}

static bool read_mount_dns(struct offer *offer, struct json root) {
  struct json value;
  enum json_found found = json_get(root, "mountDns", &value);
  offer->mount_dns = found == JSON_FOUND && value.type == JSON_TRUE;
  return found == JSON_MISSING || (found == JSON_FOUND && (value.type == JSON_TRUE || value.type == JSON_FALSE));
}

bool offer_read(struct offer *offer, const char *text, size_t length) {
  struct json root;
  if (length > OFFER_TEXT_MAX || memchr(text, '\0', length) != NULL) return false;
  memcpy(offer->text, text, length);
  offer->text[length] = '\0';
  offer->length = length;
  return json_parse(offer->text, length, &root) && root.type == JSON_OBJECT && copy(root, "token", offer->token, sizeof offer->token) &&
         is_plain_name(offer->token) && copy(root, "pool", offer->pool, sizeof offer->pool) && is_plain_name(offer->pool) &&
         read_netns(offer, root) && read_address(offer, root) && read_mount_dns(offer, root);
}

bool netns_is_at(const char *path, uint64_t inode) {
  struct stat status;
  return stat(path, &status) == 0 && status.st_ino == inode;
}
