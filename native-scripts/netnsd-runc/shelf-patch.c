#include "shelf-patch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bundle-write.h"
#include "dns-files.h"
#include "shelf-take.h"
#include "shelf.h"

static const char default_tenant[] = "default";

static bool open_shelf(struct shelf *shelf, const struct settings *settings, const struct container *container) {
  return shelf_key(shelf->key, container->id, container->root) && shelf_open(shelf, settings->socket);
}

/* What an annotation says, else the settings. False: it says so in a way that is for the daemon to judge. */
static bool choose(const struct spec_places *places, const char *annotation, const char *setting, char chosen[256]) {
  struct json value;
  switch (json_get(places->annotations, annotation, &value)) {
    case JSON_FOUND: return json_copy(value, chosen, 256) && chosen[0] != '\0';
    case JSON_MISSING: break;
    case JSON_TWICE: return false;
  }
  memcpy(chosen, setting, strlen(setting) + 1);
  return true;
}

/* False: the bundle was changed meanwhile, so that it has to be looked at again. */
static bool write_down(const struct bundle *bundle, const struct spec_places *places, const struct taken *taken,
                       const struct dns_files *files, enum verdict *verdict, struct reply *reply) {
  static struct spec_edit edit;
  struct spec_values values = {.path = taken->offer.path, .lease = taken->lease, .address = taken->offer.address};
  if (files != NULL) values.hosts = files->hosts;
  if (files != NULL && files->resolv_conf[0] != '\0') values.resolv_conf = files->resolv_conf;
  if (!spec_edit_make(&edit, places, &values)) return false;
  switch (bundle_write(bundle, &edit)) {
    case BUNDLE_WRITTEN: *verdict = VERDICT_DONE; return true;
    case BUNDLE_CHANGED: return false;
    case BUNDLE_FAILED: break;
  }
  *verdict = VERDICT_REFUSED;
  snprintf(reply->message, sizeof reply->message, "cannot write %.800s/config.json, which is left as it was: %s", bundle->path,
           strerror(errno));
  return true;
}

bool shelf_patch(const struct settings *settings, const struct container *container, const struct bundle *bundle, enum verdict *verdict,
                 struct reply *reply) {
  static struct taken taken;
  static struct dns_files files;
  struct shelf shelf;
  struct spec_places places;
  char pool[256];
  char tenant[256];
  if (bundle->kind != SPEC_WANTS_ENDPOINT || !open_shelf(&shelf, settings, container)) return false;
  *reply = (struct reply){.existing = false};
  *verdict = VERDICT_FAILED;
  bool chosen = spec_places_find(&places, bundle->text, bundle->length) && choose(&places, ANNOTATION_POOL, container->pool, pool) &&
                choose(&places, ANNOTATION_TENANT, container->tenant, tenant);
  const struct wanted wanted = {.pool = pool[0] == '\0' ? NULL : pool,
                                .tenant = tenant[0] == '\0' ? default_tenant : tenant,
                                .spec = bundle->text,
                                .spec_length = bundle->length,
                                .any_dns = chosen && places.mountable};
  bool took = chosen && shelf_take(&shelf, &wanted, &taken);
  bool prepared = took && (!taken.offer.mount_dns || dns_files_write(&files, &shelf, &taken, &places, container->id));
  bool decided = prepared && write_down(bundle, &places, &taken, taken.offer.mount_dns ? &files : NULL, verdict, reply);
  if (took && *verdict != VERDICT_DONE) shelf_give_back(&shelf);
  shelf_close(&shelf);
  return decided;
}

bool shelf_release(const struct settings *settings, const struct container *container) {
  struct shelf shelf;
  if (!open_shelf(&shelf, settings, container)) return false;
  bool given = shelf_give_back(&shelf) || shelf_holds_nothing(&shelf);
  shelf_close(&shelf);
  return given;
}
