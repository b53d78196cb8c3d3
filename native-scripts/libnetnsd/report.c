#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

enum { MESSAGE_MAX = 2048 };

static struct {
  const char *path;
  bool json;
} log_target;

static const char *program_name = "netnsd";

void report_as(const char *program) { program_name = program; }

static bool silent;

void report_silently(bool on) { silent = on; }

void report_to_log(const char *path, bool json) {
  if (path != NULL && strncmp(path, "file:", 5) == 0) path += 5;
  bool elsewhere = path == NULL || path[0] == '\0' || strncmp(path, "journald:", 9) == 0 || strncmp(path, "syslog:", 7) == 0 ||
                   strcmp(path, "/dev/stderr") == 0;
  log_target.path = elsewhere ? NULL : path;
  log_target.json = json;
}

/* One write, so that lines of several writers do not mix. */
static bool write_line(int fd, const struct text *line) {
  ssize_t written;
  do {
    written = write(fd, line->bytes, line->length);
  } while (written < 0 && errno == EINTR);
  return written == (ssize_t)line->length;
}

static bool write_log(const char *level, const char *message) {
  if (log_target.path == NULL) return false;
  char now[32] = "";
  time_t seconds = time(NULL);
  struct tm utc;
  if (gmtime_r(&seconds, &utc) != NULL) strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &utc);
  /* Twice: escapes of quotes; and the frame. */
  char bytes[2 * MESSAGE_MAX + 128];
  struct text line = text_in(bytes, sizeof bytes);
  text_add(&line, log_target.json ? "{\"level\":\"" : "time=\"");
  text_add(&line, log_target.json ? level : now);
  text_add(&line, log_target.json ? "\",\"msg\":" : "\" level=");
  if (!log_target.json) text_add(&line, level);
  if (!log_target.json) text_add(&line, " msg=");
  text_add_json(&line, message);
  if (log_target.json) text_add(&line, ",\"time\":\"");
  if (log_target.json) text_add(&line, now);
  text_add(&line, log_target.json ? "\"}\n" : "\n");
  /* O_NONBLOCK: a FIFO without a reader must not hold up the container. */
  int fd = open(log_target.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
  if (fd < 0) return false;
  bool done = !line.overflow && write_line(fd, &line);
  close(fd);
  return done;
}

static void write_stderr(const char *level, const char *message) {
  char bytes[MESSAGE_MAX + 64];
  struct text line = text_in(bytes, sizeof bytes);
  text_add(&line, program_name);
  text_add(&line, ": ");
  text_add(&line, level);
  text_add(&line, message);
  text_add(&line, "\n");
  write_line(STDERR_FILENO, &line);
}

static void format_message(char *message, size_t size, const char *format, va_list arguments) {
  if (vsnprintf(message, size, format, arguments) < 0) message[0] = '\0';
  text_make_printable(message);
}

void report_error(const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  format_message(message, sizeof message, format, arguments);
  va_end(arguments);
  if (silent) return;
  write_log("error", message);
  write_stderr("", message);
}

void report_warning(const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  format_message(message, sizeof message, format, arguments);
  va_end(arguments);
  if (silent) return;
  if (!write_log("warning", message)) write_stderr("warning: ", message);
}
