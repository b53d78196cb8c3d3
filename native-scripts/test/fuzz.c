/* Every parser of the native programs behind one entry. Memory is watched by the sanitizers; what the parsers promise is checked here. */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "command-line.h"
#include "dns-files.h"
#include "hook.h"
#include "http.h"
#include "json.h"
#include "names.h"
#include "offer.h"
#include "printable.h"
#include "settings.h"
#include "spec-edit.h"
#include "spec.h"
#include "text.h"

enum { ARGUMENTS_MAX = 64, WALK_MAX = 100000 };

/* One argument a line, each in memory of its own. */
static void fuzz_arguments(const char *text, size_t size) {
  char *argv[ARGUMENTS_MAX + 1] = {NULL};
  int argc = 0;
  for (const char *end = text + size; text < end && argc < ARGUMENTS_MAX; argc++) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    size_t length = (size_t)((newline == NULL ? end : newline) - text);
    argv[argc] = strndup(text, length);
    require(argv[argc] != NULL);
    text += length + (newline != NULL);
  }
  struct arguments read = arguments_read(argc, argv);
  require(read.id_found != ID_FOUND || read.id != NULL);
  require(read.command != COMMAND_OTHER || read.id_found == ID_NONE);
  if (read.id_found == ID_FOUND && is_container_id(read.id)) {
    char encoded[1024];
    struct text segment = text_in(encoded, sizeof encoded);
    text_add_segment(&segment, read.id);
    require(!segment.overflow && strchr(encoded, '/') == NULL);
  }
  for (int i = 0; i < argc; i++) free(argv[i]);
}

/* One argument a line, behind the program's name. */
static void fuzz_command_line(const char *text, size_t size) {
  char *argv[ARGUMENTS_MAX + 1] = {(char *)"netnsd"};
  static struct command_line line;
  int argc = 1;
  for (const char *end = text + size; text < end && argc < ARGUMENTS_MAX; argc++) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    size_t length = (size_t)((newline == NULL ? end : newline) - text);
    argv[argc] = strndup(text, length);
    require(argv[argc] != NULL);
    text += length + (newline != NULL);
  }
  if (command_line_read(&line, argc, argv)) {
    require(line.operand_count >= line.command->operands_min && line.operand_count <= line.command->operands_max);
    for (size_t i = 0; i < line.command->option_count; i++)
      require(line.values[i] != NULL || !line.command->options[i].mandatory);
  }
  for (int i = 1; i < argc; i++) free(argv[i]);
}

/* As it would come: first a part, then the rest. */
static void fuzz_http(const char *text, size_t size) {
  struct http_answer answer;
  const char *why;
  size_t part = size / 2;
  char *first = malloc(part + 1);
  require(first != NULL);
  memcpy(first, text, part);
  enum http_progress early = http_read(first, part, false, &answer, &why);
  free(first);
  enum http_progress late = http_read(text, size, true, &answer, &why);
  require(late != HTTP_MORE);
  require(early != HTTP_BAD || late == HTTP_BAD);
  if (late != HTTP_COMPLETE) return;
  require(answer.status >= 200 && answer.status <= 599);
  require(answer.body >= text && answer.body + answer.body_length == text + size);
}

/* Every value of a valid text is valid by itself, and lies within its container. */
static void walk(struct json value, int depth, int *steps) {
  char copy[64];
  struct json again;
  long number;
  if (++*steps > WALK_MAX || depth > 32) return;
  require(json_parse(value.start, (size_t)(value.end - value.start), &again) && again.type == value.type);
  if (json_copy(value, copy, sizeof copy)) require(json_is(value, copy));
  json_integer(value, -5, 4194304, &number);
  const char *position = NULL;
  struct json key;
  struct json member;
  while (json_next(value, &position, &key, &member)) {
    require(member.start > value.start && member.end < value.end && member.start < member.end);
    if (value.type == JSON_OBJECT) json_copy(key, copy, sizeof copy);
    walk(member, depth + 1, steps);
  }
}

/* Indented, a value is the same value. */
static void fuzz_indented(struct json root, size_t size) {
  if (size > 512) return;
  static char bytes[512 * JSON_DEPTH_MAX];
  static char again[sizeof bytes];
  struct text once = text_in(bytes, sizeof bytes);
  struct text twice = text_in(again, sizeof again);
  struct json value;
  add_indented(&once, root);
  require(json_parse(bytes, once.length, &value) && value.type == root.type);
  add_indented(&twice, value);
  require(strcmp(bytes, again) == 0);
}

static void fuzz_json(const char *text, size_t size) {
  struct json root;
  int steps = 0;
  if (!json_parse(text, size, &root)) return;
  walk(root, 0, &steps);
  fuzz_indented(root, size);
}

/* What can be edited is a spec again, with nothing taken away, and no other spec than was meant. */
static void fuzz_spec_edit(const char *text, size_t size) {
  static struct spec_places places;
  static struct spec_edit edit;
  const char *why = NULL;
  const struct spec_values values = {.path = "/run/a b/\"\\\xc3\xa9", .lease = "0123456789abcdef", .address = "10.0.0.2/16",
                                     .hosts = "/run/\"/dns/0123456789abcdef/hosts", .resolv_conf = "/run/dns/0123456789abcdef/resolv.conf"};
  if (!spec_places_find(&places, text, size)) return;
  require(spec_edit_make(&edit, &places, &values));
  char *edited = malloc(size + sizeof edit.added);
  require(edited != NULL);
  size_t length = 0;
  size_t kept = 0;
  for (int i = 0; i < edit.count; i++) {
    memcpy(edited + length, edit.pieces[i].iov_base, edit.pieces[i].iov_len);
    length += edit.pieces[i].iov_len;
    if (i % 2 == 0) kept += edit.pieces[i].iov_len;
  }
  require(kept == size && spec_read(edited, length, &why) == SPEC_PATCHED_BEFORE);
  require(!spec_places_find(&places, edited, length));
  free(edited);
}

static void fuzz_offer(const char *text, size_t size) {
  static struct offer offer;
  static char bytes[4096];
  struct text resolv_conf = text_in(bytes, sizeof bytes);
  struct json root;
  if (json_parse(text, size, &root) && dns_render_resolv_conf(&resolv_conf, root))
    require(resolv_conf.length == 0 || bytes[resolv_conf.length - 1] == '\n');
  if (!offer_read(&offer, text, size)) return;
  require(offer.length == size && memcmp(offer.text, text, size) == 0 && offer.text[size] == '\0');
  require(is_plain_name(offer.token) && is_plain_name(offer.pool) && offer.address[0] != '\0' && offer.path[0] == '/');
}

static void fuzz_spec(const char *text, size_t size) {
  const char *why = NULL;
  struct json root;
  enum spec_kind kind = spec_read(text, size, &why);
  require((kind == SPEC_INVALID) == (why != NULL));
  require(kind == SPEC_INVALID || json_parse(text, size, &root));
  fuzz_spec_edit(text, size);
}

static void fuzz_state(const char *text, size_t size) {
  static struct hook_state state;
  const char *why;
  if (!hook_state_read(&state, text, size, &why)) return;
  require(is_container_id(state.id) && state.bundle[0] == '/' && state.pid >= 0);
}

static void fuzz_settings(const char *text, size_t size) {
  static struct settings settings;
  char why[512] = "";
  settings_default(&settings);
  bool done = settings_parse(&settings, text, size, why, sizeof why);
  require(done == (why[0] == '\0'));
  require(settings.deadline_ms >= 10 && settings.deadline_ms <= 600000);
}

static void fuzz_text(const char *text, size_t size) {
  char *string = strndup(text, size);
  char bytes[256];
  require(string != NULL);
  struct text quoted = text_in(bytes, sizeof bytes);
  struct json root;
  if (text_add_json(&quoted, string) && !quoted.overflow) {
    char back[256];
    require(json_parse(bytes, quoted.length, &root) && json_copy(root, back, sizeof back) && strcmp(back, string) == 0);
  }
  text_make_printable(string);
  quoted = text_in(bytes, sizeof bytes);
  require(text_add_json(&quoted, string));
  free(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const char *text = (const char *)data + 1;
  switch (data[0]) {
    case 'a': fuzz_arguments(text, size - 1); break;
    case 'l': fuzz_command_line(text, size - 1); break;
    case 'h': fuzz_http(text, size - 1); break;
    case 'j': fuzz_json(text, size - 1); break;
    case 's': fuzz_spec(text, size - 1); break;
    case 'o': fuzz_offer(text, size - 1); break;
    case 't': fuzz_state(text, size - 1); break;
    case 'c': fuzz_settings(text, size - 1); break;
    case 'e': fuzz_cni_environment(text, size - 1); break;
    case 'n': fuzz_cni_configuration(text, size - 1); break;
    case 'r': fuzz_cni_lease(text, size - 1); break;
    case 'k': fuzz_netavark(text, size - 1); break;
    case 'x': fuzz_text(text, size - 1); break;
    default: break;
  }
  return 0;
}
