#ifndef NETNSD_COMMAND_LINE_H
#define NETNSD_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* What an option's value must be; commands.h says it for each option, as the command line of src/cli has it. */
enum option_kind {
  OPTION_FLAG,
  OPTION_NAME,          /* a text that is not empty */
  OPTION_TEXT,          /* any text */
  OPTION_COUNT,         /* a whole number from 1 on */
  OPTION_SECONDS,       /* more than 0, with a fraction if need be */
  OPTION_SECONDS_OR_ZERO,
};

struct option {
  const char *name;
  enum option_kind kind;
  bool mandatory;
  /* An option that must not stand beside it, or NULL. */
  const char *conflicts;
};

struct known_command {
  /* `oci patch`: words with blanks between them. */
  const char *words;
  size_t operands_min;
  size_t operands_max;
  const struct option *options;
  size_t option_count;
};

enum { OPTIONS_MAX = 16, OPERANDS_MAX = 64 };

/* A command line that is in order. Values are slices of argv, NULL where an option is not given; of a flag it is the flag itself. */
struct command_line {
  const struct known_command *command;
  const char *values[OPTIONS_MAX];
  const char *operands[OPERANDS_MAX];
  size_t operand_count;
};

/* The commands of which this program knows; ends with one without words. */
extern const struct known_command commands[];

/*
 * Reads a command line. False for all that is not surely in order, such as help, an unknown option or a value that does not fit: src/cli is
 * to say what is to be said about it. Pure.
 */
bool command_line_read(struct command_line *line, int argc, char *const *argv);

/* The value of an option, NULL where it is not given. */
const char *value_of(const struct command_line *line, const char *option);

#endif
