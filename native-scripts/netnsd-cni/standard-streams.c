#include "standard-streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "conversation.h"
#include "new-file.h"

enum { STDIN_MS = 10000 };

void guard_stdio(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

bool read_stdin(char *text, size_t size, size_t *length, struct cni_failure *failure) {
  deadline when = deadline_in_ms(STDIN_MS);
  for (*length = 0; *length < size;) {
    if (!wait_for_fd(STDIN_FILENO, POLLIN, when))
      return cni_fail_errno(failure, CNI_IO_FAILURE, "stdin did not end within %d ms", STDIN_MS);
    ssize_t count = read(STDIN_FILENO, text + *length, size - *length);
    if (count == 0) return true;
    if (count > 0) *length += (size_t)count;
    if (count < 0 && errno != EINTR && errno != EAGAIN) return cni_fail_errno(failure, CNI_IO_FAILURE, "stdin cannot be read");
  }
  return cni_fail(failure, CNI_UNDECODABLE, "stdin is larger than %zu bytes", size - 1);
}

bool print_text(int fd, const struct text *text) {
  struct iovec piece = {.iov_base = text->bytes, .iov_len = text->length};
  return write_pieces(fd, &piece, 1);
}

