/*
 * One kept HTTP/1.1 connection over a unix socket, as much of it as talking to netnsd takes: a response has a status
 * line, headers with a Content-Length (or none with status 204) and a body. Anything else ends the program.
 */
#ifndef NETNSD_BENCH_HTTP_CONNECTION_H
#define NETNSD_BENCH_HTTP_CONNECTION_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct connection {
  int fd, busy, status;
  long started_ns;
  size_t received;
  char *body; /* of the last response; NUL-terminated */
  char buffer[16384];
};

static void fail(const char *what) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_name, what, strerror(errno));
  exit(1);
}

static void connect_to(struct connection *c, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) errno = ENAMETOOLONG, fail(path);
  strcpy(address.sun_path, path);
  c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail(path);
}

static void send_request(struct connection *c, const char *request, size_t bytes) {
  c->busy = 1;
  c->received = 0;
  if (send(c->fd, request, bytes, MSG_NOSIGNAL) != (ssize_t)bytes) fail("send");
}

/* Reads what has come; returns whether the response is complete. */
static int receive_response(struct connection *c) {
  size_t room = sizeof c->buffer - 1 - c->received;
  ssize_t got = recv(c->fd, c->buffer + c->received, room, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (got <= 0 || (size_t)got == room) errno = got < 0 ? errno : EPROTO, fail("receive");
  c->received += (size_t)got;
  c->buffer[c->received] = '\0';
  char *end = strstr(c->buffer, "\r\n\r\n");
  if (!end) return 0;
  if (sscanf(c->buffer, "HTTP/1.1 %3d", &c->status) != 1) errno = EPROTO, fail("status line");
  c->body = end + 4;
  char *header = strcasestr(c->buffer, "\r\ncontent-length:");
  size_t body_bytes = header && header < end ? strtoul(header + 17, NULL, 10) : 0;
  if ((!header || header > end) && c->status != 204) errno = EPROTO, fail("no Content-Length");
  if (c->received < (size_t)(c->body - c->buffer) + body_bytes) return 0;
  c->busy = 0;
  return 1;
}

#endif
