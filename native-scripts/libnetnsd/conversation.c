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
  talk->error = errno;
  if (errno == ETIMEDOUT) {
    snprintf(talk->why, sizeof talk->why, "did not answer within %d ms", talk->deadline_ms);
  } else {
    snprintf(talk->why, sizeof talk->why, "%s: %s", what, strerror(errno));
  }
  return false;
}

static bool fail_answer(struct conversation *talk, const char *why) {
  talk->error = 0;
  snprintf(talk->why, sizeof talk->why, "gave an answer that cannot be used: %s", why);
  return false;
}

/* Whether a daemon may be about to come: the socket's folder is there, be it only until the next start of the machine. */
static bool may_come(const char *socket_path) {
  char folder[sizeof((struct sockaddr_un *)0)->sun_path];
  const char *slash = strrchr(socket_path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - socket_path + 1), slash == NULL ? "." : socket_path);
  return access(folder, F_OK) == 0;
}

/*
 * A unix socket never connects in the background: EAGAIN says that the listener's queue is full. A daemon that starts anew has no socket,
 * or one on which it does not listen yet. Each is tried again until the deadline, less and less often.
 */
static bool connect_by(int fd, const struct sockaddr_un *address, deadline when, deadline reach) {
  enum { PAUSE_MAX_MS = 50 };
  for (int pause_ms = 1;; pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS) {
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0) return true;
    int error = errno;
    bool absent = error == ENOENT || error == ECONNREFUSED;
    if (!absent && error != EAGAIN && error != EINTR) return false;
    int left = deadline_left_ms(absent && reach < when ? reach : when);
    if (left == 0 || (error == ENOENT && !may_come(address->sun_path))) {
      /* That there is no daemon says more than that it did not answer. */
      errno = absent ? error : ETIMEDOUT;
      return false;
    }
    if (pause_ms > left) pause_ms = left;
    nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000L}, NULL);
  }
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
    talk->broken = count == 0 && length == 0;
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
  deadline reach = talk->reach_ms > 0 ? deadline_in_ms(talk->reach_ms) : when;
  return connect_by(fd, &address, when, reach) || fail(talk, "cannot be reached");
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

/* A daemon that ends closes its connections, or says that it does; the next one is reached by another connection. */
static bool is_restart(const struct conversation *talk) {
  static const char code[] = "\"shutting_down\"";
  if (talk->answer.status == 0) return talk->broken;
  return talk->answer.status == 503 && memmem(talk->answer.body, talk->answer.body_length, code, sizeof code - 1) != NULL;
}

/* One attempt, on the connection that is kept or on a new one. */
static bool attempt(struct conversation *talk, const char *request, size_t length, deadline when) {
  int fd = talk->kept_fd;
  talk->kept_fd = -1;
  talk->broken = false;
  talk->answer = (struct http_answer){.status = 0};
  if (fd >= 0 && !is_open(fd)) {
    close(fd);
    fd = -1;
  }
  bool kept = fd >= 0;
  if (!kept) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(talk, "cannot be reached");
  if ((kept || connect_to(fd, talk, when)) && ask_on(fd, talk, request, length, when)) {
    talk->kept_fd = fd;
    return true;
  }
  close(fd);
  return false;
}

bool converse(struct conversation *talk, const char *request, size_t length) {
  enum { BROKEN_MAX = 3, PAUSE_MS = 20 };
  deadline when = deadline_in_ms(talk->deadline_ms);
  for (int broken = 0;; broken += talk->answer.status == 0) {
    bool done = attempt(talk, request, length, when);
    /* Who answers that it ends has done nothing. */
    bool harmless = !talk->once || talk->answer.status != 0;
    bool again = is_restart(talk) && harmless && broken < BROKEN_MAX && deadline_left_ms(when) > PAUSE_MS;
    if (!again) return done;
    if (done) close(talk->kept_fd);
    talk->kept_fd = -1;
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
  }
}
