#include "shelf-take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "names.h"
#include "text.h"

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

/* The folder of the endpoints that `tenant` used; NULL: of unused ones. */
static int open_offers(const struct shelf *shelf, const char *pool, const char *tenant) {
  char path[sizeof "offers//used/" + 256 + 64];
  /* The default is a link to the pool's name. */
  int length = snprintf(path, sizeof path, "offers/%s/%s%s", pool == NULL ? "@default" : pool, tenant == NULL ? "unused" : "used/",
                        tenant == NULL ? "" : tenant);
  return length < (int)sizeof path ? openat(shelf->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
}

static bool list(int pool, struct listing *listing) {
  long length = syscall(SYS_getdents64, pool, listing->bytes, sizeof listing->bytes);
  listing->length = length > 0 ? (size_t)length : 0;
  return length > 0;
}

static bool read_offer(int folder, const char *name, struct offer *offer) {
  char text[OFFER_TEXT_MAX + 1];
  ssize_t length = readlinkat(folder, name, text, sizeof text);
  return length > 0 && (size_t)length < sizeof text && offer_read(offer, text, (size_t)length);
}

bool shelf_read_taken(const struct shelf *shelf, struct offer *offer) {
  char taken[SHELF_ENTRY_SIZE];
  char standing[SHELF_ENTRY_SIZE];
  shelf_entry(shelf, "taken", taken);
  shelf_entry(shelf, "standing", standing);
  return read_offer(shelf->fd, taken, offer) || read_offer(shelf->fd, standing, offer);
}

enum attempt {
  TAKEN,
  GONE,       /* another client was faster, or it is no offer */
  IMPOSSIBLE, /* no other will do either */
  GIVEN_BACK, /* the same, and the daemon has something to collect */
};

/* The file that the offer names may be gone since, or be another one's: after a start of the machine, say. */
static bool is_there(const struct offer *offer) { return netns_is_at(offer->path, offer->inode); }

static enum attempt take_entry(const struct shelf *shelf, int folder, const char *name, const struct wanted *wanted, struct offer *offer) {
  char path[SHELF_ENTRY_SIZE];
  if (!is_plain_name(name) || !read_offer(folder, name, offer)) return GONE;
  if (offer->mount_dns && !wanted->any_dns) return IMPOSSIBLE;
  shelf_entry(shelf, "taken", path);
  if (!shelf_rename(folder, name, shelf->fd, path)) return errno == ENOENT ? GONE : IMPOSSIBLE;
  /* Since it was read it may have been taken, given back and laid out anew: what was taken says what it is. */
  if (shelf_read_taken(shelf, offer) && is_there(offer)) return TAKEN;
  shelf_give_back(shelf);
  return GIVEN_BACK;
}

/* From the `first` entry on and around, so that a hundred processes that start at once do not all fight for the same one. */
static enum attempt take_listed(const struct shelf *shelf, int folder, const struct listing *listing, const struct wanted *wanted,
                                struct offer *offer) {
  size_t count = 0;
  for (size_t at = 0; at < listing->length; at += entry_at(listing, at)->size) count++;
  size_t first = (size_t)getpid() % count;
  size_t at = 0;
  for (size_t skipped = 0; skipped < first; skipped++) at += entry_at(listing, at)->size;
  for (size_t tried = 0; tried < count; tried++) {
    enum attempt attempt = take_entry(shelf, folder, entry_at(listing, at)->name, wanted, offer);
    if (attempt != GONE) return attempt;
    at += entry_at(listing, at)->size;
    if (at >= listing->length) at = 0;
  }
  return GONE;
}

static enum attempt take_from(const struct shelf *shelf, const char *tenant, const struct wanted *wanted, struct offer *offer) {
  static struct listing listing;
  int fd = open_offers(shelf, wanted->pool, tenant);
  if (fd < 0) return GONE;
  enum attempt attempt = list(fd, &listing) ? take_listed(shelf, fd, &listing, wanted, offer) : GONE;
  close(fd);
  return attempt;
}

/* What the tenant has had before goes first, as it does at the daemon. */
static enum attempt take_any(const struct shelf *shelf, const struct wanted *wanted, struct offer *offer) {
  enum attempt attempt = take_from(shelf, wanted->tenant, wanted, offer);
  return attempt == GONE ? take_from(shelf, NULL, wanted, offer) : attempt;
}

/* Tells the daemon who takes for whom, before anything is taken: so it can undo what was begun by a client that is no more. */
static bool write_holder(int fd, const struct wanted *wanted, const struct taken *taken) {
  char bytes[512];
  struct text line = text_in(bytes, sizeof bytes);
  text_addf(&line, "{\"lease\":\"%s\",\"pid\":%ld,\"tenant\":\"%s\",\"takenAtMs\":%lld", taken->lease, (long)getpid(), wanted->tenant,
            (long long)taken->taken_at_ms);
  if (wanted->ttl_ms > 0) text_addf(&line, ",\"ttlMs\":%lld", (long long)wanted->ttl_ms);
  if (wanted->pid > 0)
    text_addf(&line, ",\"process\":{\"pid\":%ld,\"startTicks\":%llu}", wanted->pid, (unsigned long long)wanted->start_ticks);
  text_add(&line, "}\n");
  struct iovec pieces[] = {{.iov_base = line.bytes, .iov_len = line.length},
                           {.iov_base = (char *)wanted->spec, .iov_len = wanted->spec_length}};
  return !line.overflow && write_pieces(fd, pieces, 2);
}

/* Whether the daemon has left us our place. */
static bool stands(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_nlink >= 1;
}

bool shelf_take(struct shelf *shelf, const struct wanted *wanted, struct taken *taken) {
  char holder[SHELF_ENTRY_SIZE];
  struct timespec now;
  if (!is_tenant_name(wanted->tenant) || (wanted->pool != NULL && !is_plain_name(wanted->pool)) || !random_hex(taken->lease)) return false;
  clock_gettime(CLOCK_REALTIME, &now);
  taken->taken_at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  if (shelf->key[0] == '\0') snprintf(shelf->key, sizeof shelf->key, "@%s", taken->lease);
  shelf_entry(shelf, "holders", holder);
  int fd = new_file_at(shelf->fd, holder);
  if (fd < 0) return false;
  enum attempt attempt = write_holder(fd, wanted, taken) ? take_any(shelf, wanted, &taken->offer) : IMPOSSIBLE;
  bool held = stands(fd);
  if (attempt == TAKEN && !held) shelf_give_back(shelf);
  /* What was given back stays described until the daemon has entered it. */
  if ((attempt == GONE || attempt == IMPOSSIBLE) && held) unlinkat(shelf->fd, holder, 0);
  close(fd);
  return attempt == TAKEN && held;
}
