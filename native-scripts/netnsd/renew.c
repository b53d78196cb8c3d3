#include <stdio.h>

#include "api.h"
#include "commands-run.h"
#include "lease.h"
#include "output.h"
#include "printable.h"

int run_renew(const struct command_line *line, const char *socket_path) {
  static struct outcome outcome;
  static char bytes[2 * 65536];
  char target_bytes[2048];
  char body_bytes[64];
  char id[256];
  char ends[64];
  struct text text = text_in(bytes, sizeof bytes);
  struct text target = text_in(target_bytes, sizeof target_bytes);
  struct text body = text_in(body_bytes, sizeof body_bytes);
  text_add(&target, "/v1/leases/");
  text_add_segment(&target, line->operands[0]);
  text_add(&body, "{");
  add_number_member(&body, "ttl", value_of(line, "ttl"));
  text_add(&body, "}");
  if (target.overflow || body.overflow) return FOR_NODE;
  api_ask(socket_path, &(struct request){.method = "PATCH", .target = target_bytes, .body = body_bytes}, &outcome);
  if (!outcome.done) return report_outcome(outcome.code, outcome.message);
  if (value_of(line, "json") != NULL) {
    add_indented(&text, outcome.body);
    text_add(&text, "\n");
  } else if (copy_string(outcome.body, "id", id, sizeof id) && copy_string(outcome.body, "expiresAt", ends, sizeof ends)) {
    text_addf(&text, "%s expires at %s\n", id, ends);
  } else {
    return report_outcome("internal", "the daemon sent a response that is not a lease");
  }
  return print(&text);
}
