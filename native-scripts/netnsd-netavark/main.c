/*
 * netnsd-netavark: a plugin of netavark (plugin-API.md of containers/netavark), by which Podman's containers get endpoints of netnsd's pools. See
 * README.md beside this file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "new-file.h"
#include "operations.h"
#include "pod-lease.h"
#include "standard-streams.h"
#include "status.h"

#ifndef NETNSD_VERSION
#define NETNSD_VERSION "0.0.0"
#endif

enum { INPUT_MAX = 1024 * 1024, RESULT_MAX = 2 * CNI_LEASE_MAX, OUTPUT_MAX = INPUT_MAX + 64 };

static char input[INPUT_MAX + 1];
static size_t input_length;

static bool create(struct text *text, struct cni_failure *failure) {
  static struct cni_configuration configuration;
  struct json network;
  if (!json_parse(input, input_length, &network) || network.type != JSON_OBJECT)
    return cni_fail(failure, CNI_UNDECODABLE, "the network on stdin is no JSON object");
  if (!netavark_network_read(&configuration, network, failure)) return false;
  return netavark_network_add(text, network) || cni_fail(failure, CNI_UNDECODABLE, "the network on stdin is too large");
}

static bool set_up(struct text *text, const char *netns, struct cni_failure *failure) {
  static struct netavark_exec exec;
  static char bytes[RESULT_MAX];
  struct text result = text_in(bytes, sizeof bytes);
  struct json root;
  if (!netavark_exec_read(&exec, input, input_length, CNI_ADD, netns, failure) ||
      !cni_add(&exec.environment, &exec.configuration, &result, failure))
    return false;
  if (json_parse(bytes, result.length, &root) && netavark_status_add(text, exec.ifname, root)) return true;
  return cni_fail(failure, CNI_REFUSED, "netnsd gave a lease of which no status can be made");
}

static bool tear_down(const char *netns, struct cni_failure *failure) {
  static struct netavark_exec exec;
  return netavark_exec_read(&exec, input, input_length, CNI_DEL, netns, failure) &&
         cni_delete(&exec.environment, &exec.configuration, failure);
}

static bool run(int count, char **arguments, struct text *text, struct cni_failure *failure) {
  const char *command = count > 1 ? arguments[1] : "info";
  bool inside = strcmp(command, "setup") == 0 || strcmp(command, "teardown") == 0;
  if (strcmp(command, "info") == 0) {
    text_add(text, "{\"version\":\"" NETNSD_VERSION "\",\"api_version\":\"1.0.0\"}\n");
    return true;
  }
  if (!inside && strcmp(command, "create") != 0)
    return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "unknown command: create, setup, teardown and info are those of a netavark plugin");
  if (inside && count < 3) return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "the path of the network namespace is missing");
  if (!read_stdin(input, sizeof input, &input_length, failure)) return false;
  if (!inside) return create(text, failure);
  return strcmp(command, "setup") == 0 ? set_up(text, arguments[2], failure) : tear_down(arguments[2], failure);
}

static void add_error(struct text *text, struct cni_failure *failure) {
  char line[sizeof failure->message + sizeof failure->details + 4];
  text_make_printable(failure->message);
  text_make_printable(failure->details);
  snprintf(line, sizeof line, "%s%s%s", failure->message, failure->details[0] == '\0' ? "" : ": ", failure->details);
  text_add(text, "{\"error\":");
  text_add_json(text, line);
  text_add(text, "}\n");
}

int main(int count, char **arguments) {
  static char bytes[OUTPUT_MAX];
  struct text text = text_in(bytes, sizeof bytes);
  struct cni_failure failure = {.code = CNI_IO_FAILURE};
  guard_stdio();
  bool done = run(count, arguments, &text, &failure);
  if (!done) {
    text = text_in(bytes, sizeof bytes);
    add_error(&text, &failure);
  }
  return print_text(STDOUT_FILENO, &text) && done ? 0 : 1;
}
