#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct cni_failure *failure, enum cni_code code, const char *format, va_list arguments) {
  failure->code = code;
  failure->details[0] = '\0';
  if (vsnprintf(failure->message, sizeof failure->message, format, arguments) < 0) failure->message[0] = '\0';
}

bool cni_fail(struct cni_failure *failure, enum cni_code code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fill(failure, code, format, arguments);
  va_end(arguments);
  return false;
}

bool cni_fail_errno(struct cni_failure *failure, enum cni_code code, const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  fill(failure, code, format, arguments);
  va_end(arguments);
  snprintf(failure->details, sizeof failure->details, "%s", strerror(error));
  return false;
}

void cni_failure_add(struct text *text, const char *version, struct cni_failure *failure) {
  text_make_printable(failure->message);
  text_make_printable(failure->details);
  text_addf(text, "{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":", version, (int)failure->code);
  text_add_json(text, failure->message);
  if (failure->details[0] != '\0') {
    text_add(text, ",\"details\":");
    text_add_json(text, failure->details);
  }
  text_add(text, "}\n");
}
