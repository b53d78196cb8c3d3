#ifndef NETNSD_CNI_FAILURE_H
#define NETNSD_CNI_FAILURE_H

#include <stdbool.h>

#include "text.h"

/* The codes of the CNI specification ("Error"), and from 100 on the plugin's own: docs/cni.md says what each means for the caller. */
enum cni_code {
  CNI_INCOMPATIBLE_VERSION = 1,
  CNI_UNSUPPORTED_FIELD = 2,
  CNI_UNKNOWN_CONTAINER = 3,
  CNI_INVALID_ENVIRONMENT = 4,
  CNI_IO_FAILURE = 5,
  CNI_UNDECODABLE = 6,
  CNI_INVALID_CONFIGURATION = 7,
  CNI_TRY_AGAIN_LATER = 11,
  CNI_NOT_AVAILABLE = 50,
  CNI_LIMITED_CONNECTIVITY = 51,
  CNI_ALREADY_ATTACHED = 100,
  CNI_REFUSED = 101,
  CNI_NOT_DELIVERABLE = 102,
  CNI_KERNEL_FAILURE = 103,
  CNI_CHECK_FAILED = 104,
  CNI_PORT_TAKEN = 105,
};

/* Why a command fails: one line that says what to do, and what lies behind it. */
struct cni_failure {
  enum cni_code code;
  char message[1024];
  char details[512];
};

/* Fills in code and message; always false. */
bool cni_fail(struct cni_failure *failure, enum cni_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with `strerror(errno)` as details. */
bool cni_fail_errno(struct cni_failure *failure, enum cni_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds the specification's error object, with a line break. Text that is no UTF-8 is made printable. */
void cni_failure_add(struct text *text, const char *version, struct cni_failure *failure);

#endif
