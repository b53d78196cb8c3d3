/*
 * The load of `netnsd bench acquire`: acquires over kept connections from one thread with epoll, so that the clients
 * cost next to nothing beside the daemon.
 *
 *   acquire-load SOCKET POOL CONNECTIONS TOTAL INTERVAL_US|new
 *
 * INTERVAL_US 0: every connection sends its next acquire when its last one is answered; with TOTAL = CONNECTIONS that is
 * a burst of all at once. Otherwise one acquire is due each INTERVAL_US, on the connections in turn, and its time counts
 * from when it was due, also where its connection was still busy (no coordinated omission).
 * INTERVAL_US "new": a burst of TOTAL acquires, each on a connection of its own that is opened within the clock.
 * Otherwise connections are opened, and used once, before the clock starts. Leases are released after it has stopped.
 * Prints {"latenciesNs": [...], "warm": n, "cold": n, "failed": n}.
 */
#include "http-connection.h"

#include <stdbool.h>
#include <sys/epoll.h>
#include <time.h>

static long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

struct lease {
  char id[128];
};

static struct connection *connections;
static int connection_count, epoll_fd;

/* Waits until some connection has a whole response, and returns it; NULL when `until_ns` (0: never) has come first. */
static struct connection *next_response(long until_ns) {
  static struct epoll_event events[128];
  static int left, at;
  for (;;) {
    while (at < left) {
      struct connection *c = events[at++].data.ptr;
      if (receive_response(c)) return c;
    }
    int timeout_ms = 30000;
    if (until_ns) {
      long rest_ns = until_ns - now_ns();
      if (rest_ns <= 0) return NULL;
      timeout_ms = rest_ns > 2000000 ? (int)(rest_ns / 1000000) - 1 : 0; /* spins through the last 2 ms */
    }
    at = 0;
    left = epoll_wait(epoll_fd, events, 128, timeout_ms);
    if (left < 0 && errno != EINTR) fail("epoll_wait");
    if (left == 0 && !until_ns) errno = ETIMEDOUT, fail("no answer for 30 s");
    if (left < 0) left = 0;
  }
}

static void open_connection(struct connection *c, const char *path) {
  connect_to(c, path);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

/* One untimed exchange on every connection; also proves that the daemon has accepted them all. */
static void warm_up(void) {
  static const char request[] = "GET /healthz HTTP/1.1\r\nHost: netnsd\r\n\r\n";
  for (int i = 0; i < connection_count; i++) send_request(&connections[i], request, sizeof request - 1);
  for (int i = 0; i < connection_count; i++)
    if (next_response(0)->status != 200) errno = EPROTO, fail("GET /healthz");
}

struct outcome {
  long *latencies_ns;
  struct lease *leases;
  int done, leased, warm, failed;
};

static void record(struct outcome *o, struct connection *c, long end_ns) {
  char *id = strstr(c->body, "\"id\":\""), *close = id ? strchr(id += 6, '"') : NULL;
  if (c->status / 100 != 2 || !close || (size_t)(close - id) >= sizeof o->leases->id) {
    if (o->failed++ == 0) fprintf(stderr, "acquire-load: status %d: %.300s\n", c->status, c->body);
    return;
  }
  o->latencies_ns[o->done++] = end_ns - c->started_ns;
  memcpy(o->leases[o->leased++].id, id, (size_t)(close - id));
  if (strstr(c->body, "\"source\":\"warm\"")) o->warm++;
}

static void acquire_at_once(struct outcome *o, int total, const char *request, size_t bytes) {
  int sent = 0;
  for (int i = 0; i < connection_count && sent < total; i++, sent++) {
    connections[i].started_ns = now_ns();
    send_request(&connections[i], request, bytes);
  }
  for (int answered = 0; answered < total; answered++) {
    struct connection *c = next_response(0);
    record(o, c, now_ns());
    if (sent++ >= total) continue;
    c->started_ns = now_ns();
    send_request(c, request, bytes);
  }
}

/* Connections are opened one after the other, as by as many clients that start at once; each sends as soon as it is connected. */
static void acquire_on_new_connections(struct outcome *o, const char *path, const char *request, size_t bytes) {
  for (int i = 0; i < connection_count; i++) {
    connections[i].started_ns = now_ns();
    open_connection(&connections[i], path);
    send_request(&connections[i], request, bytes);
  }
  for (int answered = 0; answered < connection_count; answered++) {
    struct connection *c = next_response(0);
    record(o, c, now_ns());
  }
}

static void acquire_paced(struct outcome *o, int total, long interval_ns, const char *request, size_t bytes) {
  long start_ns = now_ns() + interval_ns;
  int sent = 0, answered = 0;
  while (answered < total) {
    long due_ns = start_ns + sent * interval_ns;
    struct connection *c = &connections[sent % connection_count];
    if (sent < total && !c->busy && now_ns() >= due_ns) {
      c->started_ns = due_ns;
      send_request(c, request, bytes);
      sent++;
      continue;
    }
    struct connection *answer = next_response(sent < total && !c->busy ? due_ns : 0);
    if (!answer) continue;
    record(o, answer, now_ns());
    answered++;
  }
}

static void release_all(struct outcome *o) {
  char request[256];
  int sent = 0;
  for (int answered = 0; answered < o->leased;) {
    for (int i = 0; i < connection_count && sent < o->leased; i++) {
      if (connections[i].busy) continue;
      int bytes = snprintf(request, sizeof request, "DELETE /v1/leases/%s HTTP/1.1\r\nHost: netnsd\r\n\r\n",
                           o->leases[sent++].id);
      send_request(&connections[i], request, (size_t)bytes);
    }
    if (next_response(0)->status / 100 != 2) errno = EPROTO, fail("release");
    answered++;
  }
}

int main(int argc, char **argv) {
  int total = argc == 6 ? atoi(argv[4]) : 0;
  bool on_new = argc == 6 && strcmp(argv[5], "new") == 0;
  long interval_us = argc != 6 ? -1 : on_new ? 0 : atol(argv[5]);
  connection_count = argc == 6 ? atoi(argv[3]) : 0;
  if (on_new) total = connection_count;
  if (connection_count < 1 || connection_count > 1000 || total < 1 || total > 100000 || interval_us < 0) {
    fprintf(stderr, "usage: acquire-load SOCKET POOL CONNECTIONS(1-1000) TOTAL(1-100000) INTERVAL_US|new\n");
    return 2;
  }
  char body[128], request[512];
  int body_bytes = snprintf(body, sizeof body, "{\"pool\":\"%.64s\"}", argv[2]);
  int bytes = snprintf(request, sizeof request,
                       "POST /v1/leases HTTP/1.1\r\nHost: netnsd\r\nContent-Type: application/json\r\n"
                       "Content-Length: %d\r\n\r\n%s",
                       body_bytes, body);
  struct outcome o = {.latencies_ns = calloc((size_t)total, sizeof(long)),
                      .leases = calloc((size_t)total, sizeof(struct lease))};
  connections = calloc((size_t)connection_count, sizeof *connections);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (!o.latencies_ns || !o.leases || !connections || epoll_fd < 0) fail("set up");
  if (!on_new) {
    for (int i = 0; i < connection_count; i++) open_connection(&connections[i], argv[1]);
    warm_up();
  }
  if (on_new) acquire_on_new_connections(&o, argv[1], request, (size_t)bytes);
  else if (interval_us) acquire_paced(&o, total, interval_us * 1000, request, (size_t)bytes);
  else acquire_at_once(&o, total, request, (size_t)bytes);
  release_all(&o);
  printf("{\"latenciesNs\":[");
  for (int i = 0; i < o.done; i++) printf("%s%ld", i ? "," : "", o.latencies_ns[i]);
  printf("],\"warm\":%d,\"cold\":%d,\"failed\":%d}\n", o.warm, o.done - o.warm, o.failed);
  return 0;
}
