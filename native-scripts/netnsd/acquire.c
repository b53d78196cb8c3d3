#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "commands-run.h"
#include "lease.h"
#include "names.h"
#include "output.h"
#include "printable.h"
#include "process.h"

/* More at once are for Node.js, whose memory has no bounds. */
enum { COUNT_MAX = 32, OUTPUT_MAX = COUNT_MAX * 2 * LEASE_TEXT_MAX };

struct acquire {
  const struct command_line *line;
  const char *socket_path;
  size_t count;
  struct json leases[COUNT_MAX];
};

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Seconds as they stand on the command line, in whole milliseconds; -1: they are none, or more than the API takes. */
static int64_t milliseconds_of(const char *seconds) {
  enum { TTL_MAX_S = 31536000 };
  double milliseconds = strtod(seconds, NULL) * 1000;
  int64_t whole = (int64_t)milliseconds;
  return (double)whole == milliseconds && whole > 0 && whole <= (int64_t)TTL_MAX_S * 1000 ? whole : -1;
}

/* The terms on which the shelf can serve it. False: they are for the daemon. */
static bool read_wanted(const struct command_line *line, struct wanted *wanted) {
  const char *tenant = value_of(line, "tenant");
  const char *ttl = value_of(line, "ttl");
  const char *pid = value_of(line, "pid");
  *wanted = (struct wanted){.pool = value_of(line, "pool"), .tenant = tenant == NULL ? "default" : tenant, .spec = "", .any_dns = true};
  if (ttl != NULL) wanted->ttl_ms = milliseconds_of(ttl);
  if (pid != NULL) wanted->pid = strtol(pid, NULL, 10);
  return wanted->ttl_ms >= 0 && (pid == NULL || read_start_ticks(wanted->pid, &wanted->start_ticks));
}

/* All or none. What was taken lies in `bytes`. */
static bool take(struct acquire *acquire, char *bytes, size_t size) {
  static struct taken taken;
  static struct shelf shelves[COUNT_MAX];
  const char *id = value_of(acquire->line, "id");
  struct text text = text_in(bytes, size);
  /* What lies on the shelf has any address. */
  if (value_of(acquire->line, "address") != NULL || value_of(acquire->line, "mac") != NULL) return false;
  struct wanted wanted;
  size_t starts[COUNT_MAX + 1] = {0};
  size_t held = 0;
  if (!read_wanted(acquire->line, &wanted) || !shelf_open(&shelves[0], acquire->socket_path)) return false;
  for (; held < acquire->count; held++) {
    shelves[held].fd = shelves[0].fd;
    shelves[held].key[0] = '\0';
    if (id != NULL && !shelf_key_of(shelves[held].key, id)) break;
    if (!shelf_take(&shelves[held], &wanted, &taken)) break;
    add_taken_lease(&text, shelves[held].key, &wanted, &taken);
    starts[held + 1] = text.length;
  }
  bool all = held == acquire->count && !text.overflow;
  for (size_t i = 0; all && i < held; i++) all = json_parse(bytes + starts[i], starts[i + 1] - starts[i], &acquire->leases[i]);
  while (!all && held > 0) shelf_give_back(&shelves[--held]);
  shelf_close(&shelves[0]);
  return all;
}

static bool write_body(const struct command_line *line, struct text *body) {
  text_add(body, "{");
  bool written = add_text_member(body, "pool", value_of(line, "pool")) && add_text_member(body, "tenant", value_of(line, "tenant"));
  add_number_member(body, "wait", value_of(line, "wait"));
  add_number_member(body, "ttl", value_of(line, "ttl"));
  add_number_member(body, "pid", value_of(line, "pid"));
  written = written && add_text_member(body, "containerId", value_of(line, "id")) &&
            add_text_member(body, "address", value_of(line, "address")) && add_text_member(body, "mac", value_of(line, "mac"));
  add_number_member(body, "count", value_of(line, "count"));
  text_add(body, "}");
  return written && !body->overflow;
}

/* The leases of an answer: one, or as many as were asked for. */
static bool read_leases(struct acquire *acquire, struct json body) {
  struct json list;
  const char *position = NULL;
  if (value_of(acquire->line, "count") == NULL) {
    acquire->leases[0] = body;
    return true;
  }
  if (json_get(body, "leases", &list) != JSON_FOUND) return false;
  size_t found = 0;
  while (found < acquire->count && json_next(list, &position, NULL, &acquire->leases[found])) found++;
  return found == acquire->count;
}

/* 0: the leases are there; else the exit status. */
static int ask(struct acquire *acquire) {
  static struct outcome outcome;
  char bytes[2048];
  struct text body = text_in(bytes, sizeof bytes);
  const char *wait = value_of(acquire->line, "wait");
  double wait_ms = wait == NULL ? 0 : strtod(wait, NULL) * 1000;
  if (wait_ms > 86400e3 || !write_body(acquire->line, &body)) return FOR_NODE;
  struct request request = {.method = "POST",
                            .target = "/v1/leases",
                            .body = bytes,
                            .wait_ms = (int)wait_ms,
                            .once = value_of(acquire->line, "id") == NULL};
  api_ask(acquire->socket_path, &request, &outcome);
  if (!outcome.done) return report_outcome(outcome.code, outcome.message);
  if (read_leases(acquire, outcome.body)) return 0;
  return report_outcome("internal", "the daemon sent a response that is not a lease");
}

/* `850 µs`, `179.8 ms`, as src/cli/text/table.ts has it. */
static void add_duration(struct text *text, long long us) {
  long long tenths_ms = (us + 50) / 100;
  if (us < 1000)
    text_addf(text, "%lld µs", us);
  else
    text_addf(text, "%lld.%lld ms", tenths_ms / 10, tenths_ms % 10);
}

static bool write_leases(const struct acquire *acquire, struct text *text, int64_t took_us) {
  bool many = value_of(acquire->line, "count") != NULL;
  if (value_of(acquire->line, "path") != NULL) return add_paths(text, acquire->leases, acquire->count);
  if (value_of(acquire->line, "json") == NULL) {
    bool written = add_table(text, acquire->leases, acquire->count);
    text_addf(text, "%zu %s in ", acquire->count, acquire->count == 1 ? "lease" : "leases");
    add_duration(text, (long long)took_us);
    text_add(text, "\n");
    return written;
  }
  static char bytes[OUTPUT_MAX];
  struct text list = text_in(bytes, sizeof bytes);
  if (many) text_add(&list, "[");
  for (size_t i = 0; i < acquire->count; i++) {
    if (i > 0) text_add(&list, ",");
    text_add_bytes(&list, acquire->leases[i].start, (size_t)(acquire->leases[i].end - acquire->leases[i].start));
  }
  if (many) text_add(&list, "]");
  struct json value;
  if (list.overflow || !json_parse(list.bytes, list.length, &value)) return false;
  add_indented(text, value);
  text_add(text, "\n");
  return true;
}

int run_acquire(const struct command_line *line, const char *socket_path) {
  static char taken[COUNT_MAX * LEASE_TEXT_MAX];
  static char bytes[OUTPUT_MAX];
  static struct acquire acquire;
  const char *count = value_of(line, "count");
  int64_t start_us = now_us();
  acquire = (struct acquire){.line = line, .socket_path = socket_path, .count = count == NULL ? 1 : (size_t)strtoul(count, NULL, 10)};
  if (acquire.count > COUNT_MAX) return FOR_NODE;
  if (!take(&acquire, taken, sizeof taken)) {
    int status = ask(&acquire);
    if (status != 0) return status;
  }
  struct text text = text_in(bytes, sizeof bytes);
  if (write_leases(&acquire, &text, now_us() - start_us) && !text.overflow) return print(&text);
  return report_outcome("internal", "the daemon sent a response that is not a lease");
}
