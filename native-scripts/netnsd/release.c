#include <stdio.h>
#include <string.h>

#include "api.h"
#include "commands-run.h"
#include "lease.h"
#include "output.h"
#include "process.h"
#include "shelf.h"
#include "shelf-held.h"

enum { LEASES_MAX = OPERANDS_MAX, ID_MAX = 256 };

struct release {
  const struct command_line *line;
  const char *socket_path;
  bool force;
  /* What failed so far, and the code of the first. */
  char code[64];
  struct text failures;
};

static int say_released(const char *lease) {
  char bytes[ID_MAX + 32];
  struct text text = text_in(bytes, sizeof bytes);
  text_addf(&text, "released %s\n", lease);
  return print(&text);
}

/* What lies on the shelf under this key goes back by a rename. False: it is for the daemon, or not there. */
static bool give_back(const struct release *release, const char *key, const char *pool, char lease[RANDOM_HEX_SIZE]) {
  static struct held held;
  struct shelf shelf;
  snprintf(shelf.key, sizeof shelf.key, "%s", key);
  if (!shelf_open(&shelf, release->socket_path)) return false;
  bool fits = shelf_read_held(&shelf, &held) && (pool == NULL || strcmp(pool, held.offer.pool) == 0);
  bool given = fits && (release->force || !is_occupied(held.offer.inode)) && shelf_give_back(&shelf);
  shelf_close(&shelf);
  if (given) memcpy(lease, held.lease, RANDOM_HEX_SIZE);
  return given;
}

/* That a lease is not there is no failure. */
static void say_unknown(const char *lease) {
  char bytes[ID_MAX + 64];
  struct text text = text_in(bytes, sizeof bytes);
  text_addf(&text, "there is no lease %s: nothing was released", lease);
  report_outcome("lease_not_found", bytes);
}

static void ask_release(struct release *release, const char *lease) {
  static struct outcome outcome;
  char bytes[2048];
  struct text target = text_in(bytes, sizeof bytes);
  text_add(&target, "/v1/leases/");
  text_add_segment(&target, lease);
  /* Asked before a release, which is answered the same whether there was a lease or not. */
  api_ask(release->socket_path, &(struct request){.method = "GET", .target = bytes}, &outcome);
  if (!outcome.done && strcmp(outcome.code, "lease_not_found") == 0) {
    say_unknown(lease);
    return;
  }
  if (release->force) text_add(&target, "?force=true");
  if (outcome.done) api_ask(release->socket_path, &(struct request){.method = "DELETE", .target = bytes}, &outcome);
  if (outcome.done) {
    say_released(lease);
    return;
  }
  if (release->code[0] == '\0') snprintf(release->code, sizeof release->code, "%s", outcome.code);
  text_addf(&release->failures, "%s%s: %s", release->failures.length > 0 ? "; " : "", lease, outcome.message);
}

/* One named lease: its entry bears its id, unless it is a container's. */
static void release_lease(struct release *release, const char *lease) {
  char key[SHELF_KEY_MAX + 1];
  char given[RANDOM_HEX_SIZE];
  bool named = strlen(lease) == RANDOM_HEX_SIZE - 1 && strspn(lease, "0123456789abcdef") == RANDOM_HEX_SIZE - 1;
  snprintf(key, sizeof key, "@%.64s", lease);
  if (named && give_back(release, key, NULL, given))
    say_released(lease);
  else
    ask_release(release, lease);
}

/* The leases of a container, as the daemon knows them. 0: they are there; else the exit status. */
static int find_leases(const struct release *release, char leases[LEASES_MAX][ID_MAX], size_t *count) {
  static struct outcome outcome;
  char bytes[2048];
  struct text target = text_in(bytes, sizeof bytes);
  struct json list;
  struct json lease;
  const char *position = NULL;
  const char *pool = value_of(release->line, "pool");
  text_add(&target, "/v1/leases?containerId=");
  text_add_segment(&target, value_of(release->line, "id"));
  if (pool != NULL) text_add(&target, "&pool=");
  if (pool != NULL) text_add_segment(&target, pool);
  if (target.overflow) return FOR_NODE;
  api_ask(release->socket_path, &(struct request){.method = "GET", .target = bytes}, &outcome);
  if (!outcome.done) return report_outcome(outcome.code, outcome.message);
  if (json_get(outcome.body, "leases", &list) != JSON_FOUND) return FOR_NODE;
  for (*count = 0; json_next(list, &position, NULL, &lease); (*count)++)
    if (*count == LEASES_MAX || !copy_string(lease, "id", leases[*count], ID_MAX)) return FOR_NODE;
  /* Why it holds none is a story that Node.js tells. */
  return *count == 0 ? FOR_NODE : 0;
}

static int release_container(struct release *release) {
  static char leases[LEASES_MAX][ID_MAX];
  char key[SHELF_KEY_MAX + 1];
  char given[RANDOM_HEX_SIZE];
  size_t count = 0;
  if (shelf_key_of(key, value_of(release->line, "id")) && give_back(release, key, value_of(release->line, "pool"), given))
    return say_released(given);
  int status = find_leases(release, leases, &count);
  for (size_t i = 0; status == 0 && i < count; i++) ask_release(release, leases[i]);
  return status;
}

int run_release(const struct command_line *line, const char *socket_path) {
  static char failures[8192];
  static char message[8192 + 32];
  struct release release = {.line = line, .socket_path = socket_path, .force = value_of(line, "force") != NULL};
  bool by_container = value_of(line, "id") != NULL;
  if ((line->operand_count > 0) == by_container || (value_of(line, "pool") != NULL && !by_container)) return FOR_NODE;
  /* No lease has such an id: Node.js says so, in a line that can be read. */
  for (size_t i = 0; i < line->operand_count; i++)
    if (strlen(line->operands[i]) > ID_MAX) return FOR_NODE;
  release.failures = text_in(failures, sizeof failures);
  int status = by_container ? release_container(&release) : 0;
  if (status != 0) return status;
  for (size_t i = 0; i < line->operand_count; i++) release_lease(&release, line->operands[i]);
  if (release.code[0] == '\0') return 0;
  snprintf(message, sizeof message, "cannot release %s", failures);
  return report_outcome(release.code, message);
}
