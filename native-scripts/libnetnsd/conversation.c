#include "conversation.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

deadline deadline_in_ms(int milliseconds) { return now_ms() + milliseconds; }

int deadline_left_ms(deadline when) {
  int64_t left = when - now_ms();
  return left > 0 ? (int)left : 0;
}

bool wait_for_fd(int fd, short events, deadline when) {
  struct pollfd entry = {.fd = fd, .events = events};
  for (;;) {
    int left = deadline_left_ms(when);
    int count = left == 0 ? 0 : poll(&entry, 1, left);
    if (count > 0) return true;
    if (count == 0) errno = ETIMEDOUT;
    if (count == 0 || errno != EINTR) return false;
  }
}

static bool fail(struct conversation *talk, const char *what) {
  if (errno == ETIMEDOUT) {
    snprintf(talk->why, sizeof talk->why, "did not answer within %d ms", talk->deadline_ms);
  } else {
    snprintf(talk->why, sizeof talk->why, "%s: %s", what, strerror(errno));
  }
  return false;
}

static bool fail_answer(struct conversation *talk, const char *why) {
  snprintf(talk->why, sizeof talk->why, "gave an answer that cannot be used: %s", why);
  return false;
}

/* A unix socket never connects in the background: EAGAIN says that the listener's queue is full, so ask again a little later. */
static bool connect_by(int fd, const struct sockaddr_un *address, deadline when) {
  while (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
    if (errno != EAGAIN && errno != EINTR) return false;
    if (deadline_left_ms(when) == 0) {
      errno = ETIMEDOUT;
      return false;
    }
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return true;
}

static bool send_by(int fd, const char *bytes, size_t length, deadline when) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes += sent;
      length -= (size_t)sent;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return true; /* It hung up on us, maybe after an answer: that is for the reader to find. */
    } else if (errno != EINTR && (errno != EAGAIN || !wait_for_fd(fd, POLLOUT, when))) {
      return false;
    }
  }
  return true;
}

static bool receive_by(int fd, struct conversation *talk, deadline when) {
  size_t length = 0;
  for (;;) {
    if (!wait_for_fd(fd, POLLIN, when)) return fail(talk, "cannot be read");
    ssize_t count = recv(fd, talk->buffer + length, sizeof talk->buffer - length, 0);
    if (count < 0 && errno == ECONNRESET) count = 0;
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return fail(talk, "cannot be read");
    }
    length += (size_t)count;
    const char *why = "";
    enum http_progress progress = http_read(talk->buffer, length, count == 0, &talk->answer, &why);
    if (progress == HTTP_COMPLETE) return true;
    if (progress == HTTP_BAD) return fail_answer(talk, why);
    if (length == sizeof talk->buffer) return fail_answer(talk, "it is too large");
  }
}

static bool connect_to(int fd, struct conversation *talk, deadline when) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t path_length = strlen(talk->socket_path);
  if (path_length == 0 || path_length >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return fail(talk, "cannot be reached");
  }
  memcpy(address.sun_path, talk->socket_path, path_length);
  return connect_by(fd, &address, when) || fail(talk, "cannot be reached");
}

static bool ask_on(int fd, struct conversation *talk, const char *request, size_t length, deadline when) {
  if (!send_by(fd, request, length, when)) return fail(talk, "cannot be asked");
  return receive_by(fd, talk, when);
}

/* Nothing has come, nor has the other end gone: what was sent since cannot be answered yet. */
static bool is_open(int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  return poll(&entry, 1, 0) == 0;
}

bool tell(struct conversation *talk, const char *request, size_t length) {
  return talk->kept_fd >= 0 && is_open(talk->kept_fd) && send(talk->kept_fd, request, length, MSG_NOSIGNAL) == (ssize_t)length;
}

bool converse(struct conversation *talk, const char *request, size_t length) {
  deadline when = deadline_in_ms(talk->deadline_ms);
  int fd = talk->kept_fd;
  talk->kept_fd = -1;
  if (fd >= 0 && is_open(fd) && ask_on(fd, talk, request, length, when)) {
    talk->kept_fd = fd;
    return true;
  }
  if (fd >= 0) close(fd);
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(talk, "cannot be reached");
  if (connect_to(fd, talk, when) && ask_on(fd, talk, request, length, when)) {
    talk->kept_fd = fd;
    return true;
  }
  close(fd);
  return false;
}
