#include "arguments.h"

#include <string.h>

#include "flags.h"

enum { CLUSTER_MAX = 8 };

struct reader {
  int argc;
  char *const *argv;
  int next;
  struct arguments *read;
  bool help;
  bool regex;
};

/* What strconv.ParseBool takes for false; anything else but true is an error that the runtime will report. */
static bool is_false(const char *value) {
  static const char *const words[] = {"0", "f", "F", "false", "FALSE", "False"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(words[i], value) == 0) return true;
  return false;
}

static void apply(struct reader *reader, enum flag_use use, const char *value) {
  bool on = value == NULL || !is_false(value);
  switch (use) {
    case FLAG_ROOT: reader->read->root = value; break;
    case FLAG_LOG: reader->read->log = value; break;
    case FLAG_LOG_FORMAT: reader->read->log_json = value != NULL && strcmp(value, "json") == 0; break;
    case FLAG_BUNDLE: reader->read->bundle = value; break;
    case FLAG_CONFIG: reader->read->config = value; break;
    case FLAG_DETACH: reader->read->detach = on; break;
    case FLAG_KEEP: reader->read->keep = on; break;
    case FLAG_REGEX: reader->regex = on; break;
    case FLAG_HELP: reader->help = reader->help || on; break;
    case FLAG_UNKNOWN:
    case FLAG_OTHER: break;
  }
}

/* Steps over one flag and its value. True if it was an unknown one that may own the next argument too. */
static bool read_flag(struct reader *reader, const struct flag *table) {
  struct flag_match matches[CLUSTER_MAX];
  size_t count = match_flags(table, reader->argv[reader->next++], matches, CLUSTER_MAX);
  for (size_t i = 0; i < count; i++) {
    const struct flag *flag = matches[i].flag;
    const char *value = matches[i].value;
    if (flag->takes_value && value == NULL && reader->next < reader->argc) value = reader->argv[reader->next++];
    apply(reader, flag->use, value);
  }
  return matches[0].flag->use == FLAG_UNKNOWN && matches[0].value == NULL;
}

static bool is_flag(const char *argument) { return argument[0] == '-' && argument[1] != '\0'; }

/* Up to and with the command, which is returned; NULL if there is none. */
static const char *read_globals(struct reader *reader) {
  while (reader->next < reader->argc) {
    const char *argument = reader->argv[reader->next];
    if (!is_flag(argument)) {
      reader->next++;
      return argument;
    }
    if (strcmp(argument, "--") == 0) {
      reader->next++;
      continue;
    }
    bool may_own_next = read_flag(reader, global_flags);
    if (!may_own_next || reader->next >= reader->argc) continue;
    const char *following = reader->argv[reader->next];
    if (!is_flag(following) && !is_command(following)) reader->next++;
  }
  return NULL;
}

/*
 * The flags and the id of create, run, restore and delete, in any order (runc sorts them). An argument behind an unknown flag may be its value or
 * the id: it is the id only if nothing else is.
 */
static void read_command(struct reader *reader, const struct flag *table) {
  int sure = 0;
  int maybe = 0;
  const char *sure_id = NULL;
  const char *maybe_id = NULL;
  bool flags_end = false;
  bool behind_unknown = false;
  while (reader->next < reader->argc) {
    const char *argument = reader->argv[reader->next];
    if (!flags_end && is_flag(argument)) {
      flags_end = strcmp(argument, "--") == 0;
      behind_unknown = !flags_end && read_flag(reader, table);
      if (flags_end) reader->next++;
      continue;
    }
    reader->next++;
    if (behind_unknown) {
      maybe++;
      maybe_id = argument;
    } else {
      sure++;
      sure_id = argument;
    }
    behind_unknown = false;
  }
  if (reader->help || reader->regex || sure > 1 || sure + maybe == 0) return;
  reader->read->id_found = sure == 0 && maybe > 1 ? ID_AMBIGUOUS : ID_FOUND;
  reader->read->id = sure == 1 ? sure_id : maybe_id;
}

struct arguments arguments_read(int argc, char *const *argv) {
  struct arguments read = {.command = COMMAND_OTHER, .id_found = ID_NONE};
  struct reader reader = {.argc = argc, .argv = argv, .next = 1, .read = &read};
  const char *command = read_globals(&reader);
  if (command == NULL || reader.help) return read;
  if (strcmp(command, "create") == 0) read.command = COMMAND_CREATE;
  if (strcmp(command, "run") == 0) read.command = COMMAND_RUN;
  /* From an image of CRIU instead of from nothing; like run, it waits for the end of the container unless it is detached. */
  if (strcmp(command, "restore") == 0) read.command = COMMAND_RUN;
  if (strcmp(command, "delete") == 0) read.command = COMMAND_DELETE;
  if (read.command != COMMAND_OTHER) read_command(&reader, read.command == COMMAND_DELETE ? delete_flags : start_flags);
  return read;
}
