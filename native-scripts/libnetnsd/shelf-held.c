#include "shelf-held.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "shelf-take.h"

/* The holder's first line: the daemon cuts off what follows it. */
static bool read_lease(const struct shelf *shelf, char lease[RANDOM_HEX_SIZE]) {
  char path[SHELF_ENTRY_SIZE];
  char text[1024];
  struct json root;
  struct json value;
  shelf_entry(shelf, "holders", path);
  int fd = openat(shelf->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text);
  close(fd);
  const char *end = length > 0 ? memchr(text, '\n', (size_t)length) : NULL;
  return end != NULL && json_parse(text, (size_t)(end - text), &root) && json_get(root, "lease", &value) == JSON_FOUND &&
         json_copy(value, lease, RANDOM_HEX_SIZE) && strlen(lease) == RANDOM_HEX_SIZE - 1;
}

bool shelf_read_held(const struct shelf *shelf, struct held *held) {
  return shelf_read_taken(shelf, &held->offer) && read_lease(shelf, held->lease);
}
