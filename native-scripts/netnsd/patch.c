#include <stdio.h>
#include <string.h>

#include "bundle-write.h"
#include "commands-run.h"
#include "lease.h"
#include "output.h"
#include "paths.h"
#include "report.h"
#include "spec-edit.h"

/*
 * Takes an endpoint from the shelf and writes its path into the bundle. Everything else that the command can do or say (a lease that only
 * the daemon can give, DNS files, JSON, which tells what the spec allows its container, and every error) is for Node.js.
 */
static bool take_and_write(const struct command_line *line, const char *socket_path, const struct bundle *bundle,
                           const struct spec_places *places, struct text *lease) {
  static struct taken taken;
  static struct spec_edit edit;
  struct shelf shelf;
  const char *tenant = value_of(line, "tenant");
  struct wanted wanted = {.pool = value_of(line, "pool"),
                          .tenant = tenant == NULL ? "default" : tenant,
                          .spec = bundle->text,
                          .spec_length = bundle->length,
                          .any_dns = true};
  if (!shelf_key_of(shelf.key, value_of(line, "id")) || !shelf_open(&shelf, socket_path)) return false;
  bool took = shelf_take(&shelf, &wanted, &taken);
  const struct spec_values values = {.path = taken.offer.path};
  bool written = took && spec_edit_make(&edit, places, &values) && bundle_write(bundle, &edit) == BUNDLE_WRITTEN;
  if (took && !written) shelf_give_back(&shelf);
  if (written) add_taken_lease(lease, shelf.key, &wanted, &taken);
  shelf_close(&shelf);
  return written;
}

int run_patch(const struct command_line *line, const char *socket_path) {
  static struct bundle bundle;
  static struct spec_places places;
  static char lease_bytes[LEASE_TEXT_MAX];
  static char bytes[4 * LEASE_TEXT_MAX];
  char path[PATH_MAX];
  struct text lease_text = text_in(lease_bytes, sizeof lease_bytes);
  struct text text = text_in(bytes, sizeof bytes);
  struct json lease;
  if (value_of(line, "dns") != NULL || value_of(line, "json") != NULL || !resolve_path(path, line->operands[0])) return FOR_NODE;
  /* Its errors are said by Node.js, in the words of the command. */
  report_silently(true);
  bool read = bundle_read(&bundle, path, NULL);
  report_silently(false);
  if (!read || bundle.kind != SPEC_WANTS_ENDPOINT || bundle.unpatchable != NULL) return FOR_NODE;
  if (!spec_places_find(&places, bundle.text, bundle.length)) return FOR_NODE;
  if (!take_and_write(line, socket_path, &bundle, &places, &lease_text)) return FOR_NODE;
  if (!json_parse(lease_bytes, lease_text.length, &lease) || !add_table(&text, &lease, 1)) return 1;
  text_addf(&text, "patched %s/config.json\n", strcmp(path, "/") == 0 ? "" : path);
  return print(&text);
}
