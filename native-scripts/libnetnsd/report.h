#ifndef NETNSD_REPORT_H
#define NETNSD_REPORT_H

#include <stdbool.h>

/* The name with which lines on stderr begin; a constant text. */
void report_as(const char *program);

/* Whether nothing is reported from here on. */
void report_silently(bool on);

/*
 * Where messages go: one line on stderr, and where the caller named a log (--log), a line there in the runtime's own format, since
 * containerd and Podman show what stands there. `path` may be NULL; crun's `file:` is understood, its journald: and syslog: are left alone.
 */
void report_to_log(const char *path, bool json);

/* What was asked for cannot be done. One line, without a newline at the end; it goes to both. */
void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Goes to the log alone if there is one: stderr may be the container's own. */
void report_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
