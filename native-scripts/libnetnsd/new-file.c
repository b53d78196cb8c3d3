#include "new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/random.h>

bool random_hex(char digits[RANDOM_HEX_SIZE]) {
  uint8_t bytes[(RANDOM_HEX_SIZE - 1) / 2];
  if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != (ssize_t)sizeof bytes) return false;
  for (size_t i = 0; i < sizeof bytes; i++) {
    digits[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    digits[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  digits[RANDOM_HEX_SIZE - 1] = '\0';
  return true;
}

int new_file_at(int folder, const char *name) { return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600); }

/* What was written of the first pieces is taken off them. */
static void skip_written(struct iovec **pieces, int *count, size_t written) {
  while (*count > 0 && written >= (*pieces)->iov_len) {
    written -= (*pieces)->iov_len;
    (*pieces)++;
    (*count)--;
  }
  if (*count == 0) return;
  (*pieces)->iov_base = (char *)(*pieces)->iov_base + written;
  (*pieces)->iov_len -= written;
}

bool write_pieces(int fd, struct iovec *pieces, int count) {
  skip_written(&pieces, &count, 0);
  while (count > 0) {
    ssize_t written = writev(fd, pieces, count);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = EIO;
    if (written <= 0) return false;
    skip_written(&pieces, &count, (size_t)written);
  }
  return true;
}
