/*
 * netnsd-cni: a CNI plugin (https://www.cni.dev/docs/spec/) that gives pods endpoints of netnsd's pools. See README.md beside this file.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"
#include "conversation.h"
#include "pod-lease.h"
#include "new-file.h"

enum { CONFIGURATION_MAX = 1024 * 1024, OUTPUT_MAX = 2 * CNI_LEASE_MAX, STDIN_MS = 10000 };

static const char *get_variable(const char *name) { return getenv(name); }

/* With stdio closed a socket of ours would become fd 0, 1 or 2. */
static void guard_stdio(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

static bool read_stdin(char *text, size_t size, size_t *length, struct cni_failure *failure) {
  deadline when = deadline_in_ms(STDIN_MS);
  for (*length = 0; *length < size;) {
    if (!wait_for_fd(STDIN_FILENO, POLLIN, when))
      return cni_fail_errno(failure, CNI_IO_FAILURE, "the configuration did not end on stdin within %d ms", STDIN_MS);
    ssize_t count = read(STDIN_FILENO, text + *length, size - *length);
    if (count == 0) return true;
    if (count > 0) *length += (size_t)count;
    if (count < 0 && errno != EINTR && errno != EAGAIN) return cni_fail_errno(failure, CNI_IO_FAILURE, "stdin cannot be read");
  }
  return cni_fail(failure, CNI_UNDECODABLE, "the configuration on stdin is larger than %zu bytes", size - 1);
}

/* The answer has the version of the request, if that is one of ours. */
static void add_versions(struct text *text, const char *configuration, size_t length) {
  struct json root;
  struct json asked;
  int version = -1;
  if (json_parse(configuration, length, &root) && json_get(root, "cniVersion", &asked) == JSON_FOUND) version = cni_version_of(asked);
  text_addf(text, "{\"cniVersion\":\"%s\",\"supportedVersions\":[", cni_version_text(version < 0 ? CNI_NEWEST : (enum cni_version)version));
  for (int i = 0; i < CNI_VERSIONS; i++) text_addf(text, "%s\"%s\"", i == 0 ? "" : ",", cni_version_text((enum cni_version)i));
  text_add(text, "]}\n");
}

static bool run(const struct cni_environment *environment, const struct cni_configuration *configuration, struct text *text,
                struct cni_failure *failure) {
  switch (environment->command) {
    case CNI_ADD: return cni_add(environment, configuration, text, failure);
    case CNI_DEL: return cni_delete(environment, configuration, failure);
    case CNI_CHECK: return cni_check(environment, configuration, failure);
    case CNI_STATUS: return cni_lease_possible(configuration, failure);
    case CNI_GC: return cni_collect(configuration, failure);
    case CNI_VERSION: break;
  }
  return true;
}

static bool answer(struct text *text, enum cni_version *version, struct cni_failure *failure) {
  static char input[CONFIGURATION_MAX + 1];
  static struct cni_environment environment;
  static struct cni_configuration configuration;
  size_t length = 0;
  *version = CNI_NEWEST;
  bool read = read_stdin(input, sizeof input, &length, failure);
  if (!cni_environment_read(&environment, get_variable, failure)) return false;
  if (read && environment.command == CNI_VERSION) {
    add_versions(text, input, length);
    return true;
  }
  bool done = read && cni_configuration_read(&configuration, input, length, &environment, failure);
  *version = read ? configuration.version : CNI_NEWEST;
  return done && run(&environment, &configuration, text, failure);
}

static bool print(int fd, const struct text *text) {
  struct iovec piece = {.iov_base = text->bytes, .iov_len = text->length};
  return write_pieces(fd, &piece, 1);
}

int main(void) {
  static char bytes[OUTPUT_MAX];
  struct text text = text_in(bytes, sizeof bytes);
  struct cni_failure failure = {.code = CNI_IO_FAILURE};
  enum cni_version version;
  guard_stdio();
  const char *command = getenv("CNI_COMMAND");
  if (command == NULL || command[0] == '\0') {
    fprintf(stderr, "netnsd-cni is a CNI plugin for versions 0.3.1, 0.4.0, 1.0.0 and 1.1.0 of the protocol: a container runtime runs it\n");
    return 1;
  }
  bool done = answer(&text, &version, &failure);
  if (!done) {
    text = text_in(bytes, sizeof bytes);
    cni_failure_add(&text, cni_version_text(version), &failure);
  }
  return print(STDOUT_FILENO, &text) && done ? 0 : 1;
}
