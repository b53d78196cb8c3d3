#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

enum { FILE_MAX = 65536, DEADLINE_MIN_MS = 10, DEADLINE_MAX_MS = 600000 };

void settings_default(struct settings *settings) {
  *settings = (struct settings){.deadline_ms = 10000, .on_failure = ON_FAILURE_FAIL, .socket = "/run/netnsd/netnsd.sock"};
}

static const char *set_text(char *field, size_t size, const char *value) {
  size_t length = strlen(value);
  if (length >= size) return "is too long";
  memcpy(field, value, length + 1);
  return NULL;
}

static const char *set_deadline(struct settings *settings, const char *value) {
  char *end;
  errno = 0;
  long milliseconds = strtol(value, &end, 10);
  bool number = value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0;
  if (!number || milliseconds < DEADLINE_MIN_MS || milliseconds > DEADLINE_MAX_MS) return "must be from 10 to 600000 milliseconds";
  settings->deadline_ms = (int)milliseconds;
  return NULL;
}

static const char *set_on_failure(struct settings *settings, const char *value) {
  bool empty = strcmp(value, "empty") == 0;
  if (!empty && strcmp(value, "fail") != 0) return "must be fail or empty";
  settings->on_failure = empty ? ON_FAILURE_EMPTY : ON_FAILURE_FAIL;
  return NULL;
}

/* NULL if the key took the value, else what is wrong, to be read behind the key. */
static const char *set(struct settings *settings, const char *key, const char *value) {
  if (value[0] == '\0') return "has no value";
  if (strcmp(key, "runtime") == 0) return set_text(settings->runtime, sizeof settings->runtime, value);
  if (strcmp(key, "socket") == 0) return set_text(settings->socket, sizeof settings->socket, value);
  if (strcmp(key, "pool") == 0) return set_text(settings->pool, sizeof settings->pool, value);
  if (strcmp(key, "tenant") == 0) return set_text(settings->tenant, sizeof settings->tenant, value);
  if (strcmp(key, "deadline_ms") == 0) return set_deadline(settings, value);
  if (strcmp(key, "on_failure") == 0) return set_on_failure(settings, value);
  return "is not a key: use runtime, socket, deadline_ms, on_failure, pool or tenant";
}

static char *trim(char *string) {
  while (*string == ' ' || *string == '\t') string++;
  size_t length = strlen(string);
  while (length > 0 && strchr(" \t\r", string[length - 1]) != NULL) string[--length] = '\0';
  return string;
}

static bool parse_line(struct settings *settings, char *line, char *why, size_t why_size) {
  line = trim(line);
  if (line[0] == '\0' || line[0] == '#') return true;
  char *equals = strchr(line, '=');
  if (equals == NULL) {
    snprintf(why, why_size, "%.64s is not of the form key = value", line);
    return false;
  }
  *equals = '\0';
  const char *key = trim(line);
  const char *wrong = set(settings, key, trim(equals + 1));
  if (wrong != NULL) snprintf(why, why_size, "%.64s %s", key, wrong);
  return wrong == NULL;
}

bool settings_parse(struct settings *settings, const char *text, size_t length, char *why, size_t why_size) {
  const char *end = text + length;
  for (int number = 1; text < end; number++) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    size_t line_length = (size_t)((newline == NULL ? end : newline) - text);
    char line[PATH_MAX + 256];
    char wrong[256] = "the line is too long or holds a NUL";
    bool fits = line_length < sizeof line && memchr(text, '\0', line_length) == NULL;
    if (fits) {
      memcpy(line, text, line_length);
      line[line_length] = '\0';
    }
    if (!fits || !parse_line(settings, line, wrong, sizeof wrong)) {
      snprintf(why, why_size, "line %d: %s", number, wrong);
      return false;
    }
    if (newline == NULL) break;
    text = newline + 1;
  }
  return true;
}

/* The writer of the file chooses the program that runs as root. */
static const char *unsafe(const struct stat *status) {
  if (!S_ISREG(status->st_mode)) return "it is not a regular file";
  if (status->st_uid != 0 && status->st_uid != geteuid()) return "it belongs to another user";
  if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0) return "its group or others may write to it (chmod go-w)";
  return status->st_size > FILE_MAX ? "it is too large" : NULL;
}

static bool read_open_file(struct settings *settings, const char *path, int fd) {
  struct stat status;
  char why[512];
  if (fstat(fd, &status) < 0) {
    report_error("cannot read %s: %s", path, strerror(errno));
    return false;
  }
  const char *wrong = unsafe(&status);
  if (wrong != NULL) {
    report_error("will not use %s: %s", path, wrong);
    return false;
  }
  static char text[FILE_MAX];
  ssize_t length = read(fd, text, sizeof text);
  if (length < 0) {
    report_error("cannot read %s: %s", path, strerror(errno));
    return false;
  }
  if (settings_parse(settings, text, (size_t)length, why, sizeof why)) return true;
  report_error("%s, %s", path, why);
  return false;
}

static bool read_environment(struct settings *settings) {
  static const struct {
    const char *variable;
    const char *key;
  } names[] = {
      {"NETNSD_RUNC_RUNTIME", "runtime"},       {"NETNSD_SOCKET", "socket"},
      {"NETNSD_RUNC_DEADLINE_MS", "deadline_ms"}, {"NETNSD_RUNC_ON_FAILURE", "on_failure"},
      {"NETNSD_RUNC_POOL", "pool"},             {"NETNSD_RUNC_TENANT", "tenant"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *value = getenv(names[i].variable);
    if (value == NULL || value[0] == '\0') continue;
    const char *wrong = set(settings, names[i].key, value);
    if (wrong == NULL) continue;
    report_error("the environment's %s %s", names[i].variable, wrong);
    return false;
  }
  return true;
}

bool settings_read(struct settings *settings) {
  settings_default(settings);
  const char *named = getenv("NETNSD_RUNC_CONFIG");
  const char *path = named == NULL || named[0] == '\0' ? SETTINGS_FILE : named;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 && !(errno == ENOENT && path != named)) {
    report_error("cannot read %s: %s", path, strerror(errno));
    return false;
  }
  bool done = fd < 0 || read_open_file(settings, path, fd);
  if (fd >= 0) close(fd);
  return done && read_environment(settings);
}
