#include "output.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

int print(const struct text *text) {
  signal(SIGPIPE, SIG_IGN);
  for (size_t done = 0; done < text->length;) {
    ssize_t written = write(STDOUT_FILENO, text->bytes + done, text->length - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno == EPIPE ? 0 : 1;
    done += (size_t)written;
  }
  return 0;
}
