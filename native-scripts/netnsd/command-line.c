#include "command-line.h"

#include <string.h>

#include "commands.h"

static bool are_digits(const char *at, const char *end) {
  if (at == end) return false;
  for (; at < end; at++)
    if (*at < '0' || *at > '9') return false;
  return true;
}

/* `\d+(\.\d+)?`, no longer than any number that makes sense. */
static bool is_number(const char *text, bool fraction) {
  enum { NUMBER_MAX = 15 };
  size_t length = strlen(text);
  const char *dot = strchr(text, '.');
  if (length > NUMBER_MAX || (dot != NULL && !fraction)) return false;
  return dot == NULL ? are_digits(text, text + length) : are_digits(text, dot) && are_digits(dot + 1, text + length);
}

static bool is_zero(const char *number) { return number[strspn(number, "0.")] == '\0'; }

static bool fits(enum option_kind kind, const char *value) {
  switch (kind) {
    case OPTION_FLAG:
    case OPTION_TEXT: return true;
    case OPTION_NAME: return value[0] != '\0';
    case OPTION_COUNT: return is_number(value, false) && !is_zero(value);
    case OPTION_SECONDS: return is_number(value, true) && !is_zero(value);
    case OPTION_SECONDS_OR_ZERO: return is_number(value, true);
  }
  return false;
}

static size_t find_option(const struct known_command *command, const char *name, size_t length) {
  size_t index = 0;
  while (index < command->option_count &&
         !(strlen(command->options[index].name) == length && memcmp(command->options[index].name, name, length) == 0))
    index++;
  return index;
}

/* Steps over an option and its value. */
static bool read_option(struct command_line *line, int argc, char *const *argv, int *next) {
  const struct known_command *command = line->command;
  const char *argument = argv[(*next)++];
  if (strncmp(argument, "--", 2) != 0) return false;
  const char *equals = strchr(argument, '=');
  size_t length = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
  size_t index = find_option(command, argument + 2, length - 2);
  if (index == command->option_count) return false;
  bool flag = command->options[index].kind == OPTION_FLAG;
  if (flag && equals != NULL) return false;
  const char *value = flag ? argument : equals == NULL ? NULL : equals + 1;
  if (value == NULL && *next < argc) value = argv[(*next)++];
  line->values[index] = value;
  return value != NULL && fits(command->options[index].kind, value);
}

static bool read_operand(struct command_line *line, const char *operand) {
  if (operand[0] == '\0' || line->operand_count == OPERANDS_MAX || line->operand_count == line->command->operands_max) return false;
  line->operands[line->operand_count++] = operand;
  return true;
}

const char *value_of(const struct command_line *line, const char *option) {
  size_t index = find_option(line->command, option, strlen(option));
  return index == line->command->option_count ? NULL : line->values[index];
}

static bool is_complete(const struct command_line *line) {
  if (line->operand_count < line->command->operands_min) return false;
  for (size_t i = 0; i < line->command->option_count; i++) {
    const struct option *option = &line->command->options[i];
    if (line->values[i] == NULL && option->mandatory) return false;
    if (line->values[i] != NULL && option->conflicts != NULL && value_of(line, option->conflicts) != NULL) return false;
  }
  return true;
}

/* The arguments that are the command's words; 0: they are not. */
static int match_words(const struct known_command *command, int argc, char *const *argv) {
  const char *word = command->words;
  for (int count = 1; count < argc; count++) {
    size_t length = strcspn(word, " ");
    if (strncmp(argv[count], word, length) != 0 || argv[count][length] != '\0') return 0;
    if (word[length] == '\0') return count;
    word += length + 1;
  }
  return 0;
}

bool command_line_read(struct command_line *line, int argc, char *const *argv) {
  int words = 0;
  *line = (struct command_line){.command = commands};
  while (line->command->words != NULL && (words = match_words(line->command, argc, argv)) == 0) line->command++;
  if (line->command->words == NULL) return false;
  for (int next = words + 1; next < argc;) {
    if (argv[next][0] == '-' && argv[next][1] != '\0') {
      if (!read_option(line, argc, argv, &next)) return false;
    } else if (!read_operand(line, argv[next++])) {
      return false;
    }
  }
  return is_complete(line);
}
