/*
 * Traffic of `netnsd bench network`: one TCP connection, a stream or round trips of one byte.
 *
 *   network-load serve ADDRESS PORT               serves connections one after another, until it is killed
 *   network-load stream ADDRESS PORT MILLISECONDS prints {"bytes":N,"ns":N}: what arrived, and in what time
 *   network-load trips ADDRESS PORT COUNT         prints {"medianNs":N}
 *
 * The first byte that a client sends says which of the two is meant.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STREAM = 's', TRIPS = 't', CHUNK = 128 * 1024, TRIPS_MAX = 1000000, CONNECT_TRIES = 500 };

static char chunk[CHUNK];

static long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in place(char *const argv[]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[3]))};
  if (inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) fail("address");
  return address;
}

static void send_at_once(int fd) {
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)) fail("TCP_NODELAY");
}

/* Reads until the other end has sent all, and tells it how much that was. */
static void drain(int fd) {
  unsigned long total = 0;
  for (ssize_t got; (got = read(fd, chunk, sizeof chunk)) > 0;) total += (unsigned long)got;
  if (write(fd, &total, sizeof total) != sizeof total) fail("write");
}

static void echo(int fd) {
  char byte;
  while (read(fd, &byte, 1) == 1)
    if (write(fd, &byte, 1) != 1) return;
}

static void serve(char *const argv[]) {
  struct sockaddr_in address = place(argv);
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) fail("socket");
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) fail("listen");
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) fail("accept");
    send_at_once(fd);
    char kind;
    if (read(fd, &kind, 1) == 1) (kind == STREAM ? drain : echo)(fd);
    close(fd);
  }
}

/* The server may have been started just now. */
static int connect_to(char *const argv[], char kind) {
  struct sockaddr_in address = place(argv);
  const struct timespec pause = {.tv_nsec = 10000000};
  for (int try = 0; try < CONNECT_TRIES; try++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
      send_at_once(fd);
      if (write(fd, &kind, 1) != 1) fail("write");
      return fd;
    }
    if (errno != ECONNREFUSED) fail("connect");
    close(fd);
    nanosleep(&pause, NULL);
  }
  fail("connect");
  return -1;
}

static void stream(char *const argv[]) {
  int fd = connect_to(argv, STREAM);
  long start = now_ns(), end = start + atol(argv[4]) * 1000000L;
  while (now_ns() < end)
    if (write(fd, chunk, sizeof chunk) < 0) fail("write");
  unsigned long total;
  if (shutdown(fd, SHUT_WR) || read(fd, &total, sizeof total) != sizeof total) fail("read");
  printf("{\"bytes\":%lu,\"ns\":%ld}\n", total, now_ns() - start);
}

static int ascending(const void *one, const void *other) {
  long a = *(const long *)one, b = *(const long *)other;
  return (a > b) - (a < b);
}

static void trips(char *const argv[]) {
  static long times[TRIPS_MAX];
  long count = atol(argv[4]);
  if (count < 1 || count > TRIPS_MAX) errno = ERANGE, fail("count");
  int fd = connect_to(argv, TRIPS);
  char byte = 0;
  /* The first half warms up. */
  for (long i = -count; i < count; i++) {
    long start = now_ns();
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) fail("round trip");
    if (i >= 0) times[i] = now_ns() - start;
  }
  qsort(times, (size_t)count, sizeof times[0], ascending);
  printf("{\"medianNs\":%ld}\n", times[count / 2]);
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "serve")) serve(argv);
  if (argc == 5 && !strcmp(argv[1], "stream")) return stream(argv), 0;
  if (argc == 5 && !strcmp(argv[1], "trips")) return trips(argv), 0;
  fprintf(stderr, "usage: network-load serve ADDRESS PORT | stream ADDRESS PORT MILLISECONDS | trips ADDRESS PORT COUNT\n");
  return 2;
}
