#ifndef NETNSD_FLAGS_H
#define NETNSD_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

/* What netnsd-runc itself wants to know of a flag; all other flags are only stepped over. */
enum flag_use {
  FLAG_OTHER,
  FLAG_UNKNOWN, /* in no table: it may or may not take the next argument */
  FLAG_ROOT,
  FLAG_LOG,
  FLAG_LOG_FORMAT,
  FLAG_BUNDLE,
  FLAG_CONFIG,
  FLAG_DETACH,
  FLAG_KEEP,
  FLAG_REGEX,
  FLAG_HELP, /* the runtime prints something and does nothing */
};

struct flag {
  const char *name;
  /* What getopt calls it, or NUL. */
  char letter;
  bool takes_value;
  enum flag_use use;
};

/* A table ends with a flag without name. Names of runc, crun and runsc together: no two of them disagree but where flags.c says so. */
extern const struct flag global_flags[];
extern const struct flag start_flags[];  /* create and run */
extern const struct flag delete_flags[];

/* Whether `word` is a command of one of the three runtimes. */
bool is_command(const char *word);

/* One argument that begins with a dash, taken apart. */
struct flag_match {
  const struct flag *flag;
  /* What stands in the argument itself (`--name=value`, `-nvalue`), or NULL. */
  const char *value;
};

/*
 * Matches `argument` (not "-" and not "--") the ways the runtimes do: Go's flag package takes one or two dashes before a whole name; getopt
 * takes clusters of letters behind one dash and unambiguous beginnings of names behind two. Fills up to `size` matches, since a cluster
 * holds several flags, and returns how many.
 */
size_t match_flags(const struct flag *table, const char *argument, struct flag_match *matches, size_t size);

#endif
