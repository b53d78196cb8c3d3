/*
 * netnsd-cni: a CNI plugin (https://www.cni.dev/docs/spec/) that gives pods endpoints of netnsd's pools. See README.md beside this file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"
#include "pod-lease.h"
#include "standard-streams.h"

enum { CONFIGURATION_MAX = 1024 * 1024, OUTPUT_MAX = 2 * CNI_LEASE_MAX };

static const char *get_variable(const char *name) { return getenv(name); }

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
  return print_text(STDOUT_FILENO, &text) && done ? 0 : 1;
}
