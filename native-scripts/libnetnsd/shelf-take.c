#include "shelf-take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "names.h"

/* What one getdents64(2) tells: some hundreds of offers. The rest is for the next. */
enum { LISTING_SIZE = 32768 };

/* getdents64(2); libcs differ in what they call it. */
struct entry {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[];
};

struct listing {
  union {
    char bytes[LISTING_SIZE];
    uint64_t aligned;
  };
  size_t length;
};

static const struct entry *entry_at(const struct listing *listing, size_t offset) {
  return (const struct entry *)(const void *)(listing->bytes + offset);
}

static int open_pool(const struct shelf *shelf, const char *pool) {
  char path[sizeof "offers/" + 256];
  /* The default is a link to the pool's name. */
  int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (pool == NULL ? 0 : O_NOFOLLOW);
  int length = snprintf(path, sizeof path, "offers/%s", pool == NULL ? "@default" : pool);
  return length < (int)sizeof path ? openat(shelf->fd, path, flags) : -1;
}

static bool list(int pool, struct listing *listing) {
  long length = syscall(SYS_getdents64, pool, listing->bytes, sizeof listing->bytes);
  listing->length = length > 0 ? (size_t)length : 0;
  return length > 0;
}

static bool read_offer(int folder, const char *name, struct offer *offer) {
  char text[PATH_MAX];
  ssize_t length = readlinkat(folder, name, text, sizeof text);
  return length > 0 && (size_t)length < sizeof text && offer_read(offer, text, (size_t)length);
}

/* Between being read and being taken, an offer may have been taken, given back and laid out anew: what was taken says what it is. */
static bool read_taken(const struct shelf *shelf, const char *path, struct offer *offer) {
  char standing[SHELF_ENTRY_SIZE];
  shelf_entry(shelf, "standing", standing);
  return read_offer(shelf->fd, path, offer) || read_offer(shelf->fd, standing, offer);
}

enum attempt {
  TAKEN,
  GONE,       /* somebody else was faster, or it is no offer */
  IMPOSSIBLE, /* no other will do either */
  GIVEN_BACK, /* the same, and the daemon has something to collect */
};

static enum attempt take_entry(const struct shelf *shelf, int pool, const char *name, struct offer *offer) {
  char path[SHELF_ENTRY_SIZE];
  if (!is_plain_name(name) || !read_offer(pool, name, offer)) return GONE;
  shelf_entry(shelf, "taken", path);
  if (!shelf_rename(pool, name, shelf->fd, path)) return errno == ENOENT ? GONE : IMPOSSIBLE;
  if (read_taken(shelf, path, offer)) return TAKEN;
  shelf_give_back(shelf);
  return GIVEN_BACK;
}

/* From the `first` entry on and around, so that a hundred processes that start at once do not all fight for the same one. */
static enum attempt take_listed(const struct shelf *shelf, int pool, const struct listing *listing, struct offer *offer) {
  size_t count = 0;
  for (size_t at = 0; at < listing->length; at += entry_at(listing, at)->size) count++;
  size_t first = (size_t)getpid() % count;
  size_t at = 0;
  for (size_t skipped = 0; skipped < first; skipped++) at += entry_at(listing, at)->size;
  for (size_t tried = 0; tried < count; tried++) {
    enum attempt attempt = take_entry(shelf, pool, entry_at(listing, at)->name, offer);
    if (attempt != GONE) return attempt;
    at += entry_at(listing, at)->size;
    if (at >= listing->length) at = 0;
  }
  return GONE;
}

static enum attempt take_any(const struct shelf *shelf, const char *pool, struct offer *offer) {
  static struct listing listing;
  int fd = open_pool(shelf, pool);
  if (fd < 0) return IMPOSSIBLE;
  enum attempt attempt = list(fd, &listing) ? take_listed(shelf, fd, &listing, offer) : IMPOSSIBLE;
  close(fd);
  return attempt;
}

/* Tells the daemon who takes what for whom, before anything is taken: so it can undo what was begun by somebody who is no more. */
static bool write_holder(int fd, const char *lease, const char *spec, size_t spec_length) {
  char line[96];
  int length = snprintf(line, sizeof line, "{\"lease\":\"%s\",\"pid\":%ld}\n", lease, (long)getpid());
  struct iovec pieces[] = {{.iov_base = line, .iov_len = (size_t)length}, {.iov_base = (char *)spec, .iov_len = spec_length}};
  return write_pieces(fd, pieces, 2);
}

/* Whether the daemon has left us our place. */
static bool stands(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_nlink >= 1;
}

bool shelf_take(const struct shelf *shelf, const char *pool, const char *spec, size_t spec_length, struct taken *taken) {
  char holder[SHELF_ENTRY_SIZE];
  shelf_entry(shelf, "holders", holder);
  if (!random_hex(taken->lease)) return false;
  int fd = new_file_at(shelf->fd, holder);
  if (fd < 0) return false;
  enum attempt attempt = write_holder(fd, taken->lease, spec, spec_length) ? take_any(shelf, pool, &taken->offer) : IMPOSSIBLE;
  bool held = stands(fd);
  if (attempt == TAKEN && !held) shelf_give_back(shelf);
  /* What was given back stays described until the daemon has collected it. */
  if ((attempt == GONE || attempt == IMPOSSIBLE) && held) unlinkat(shelf->fd, holder, 0);
  close(fd);
  return attempt == TAKEN && held;
}
