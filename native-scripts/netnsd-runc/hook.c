#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conversation.h"
#include "daemon.h"
#include "report.h"

enum { STATE_MAX = 1024 * 1024 };

/* Reads stdin to its end, waiting no longer than the deadline. -1: reported. */
static ssize_t read_stdin(char *bytes, size_t size, int deadline_ms) {
  deadline when = deadline_in_ms(deadline_ms);
  size_t length = 0;
  while (length < size) {
    if (!wait_for_fd(STDIN_FILENO, POLLIN, when)) {
      report_error("the container's state did not end on stdin within %d ms", deadline_ms);
      return -1;
    }
    ssize_t count = read(STDIN_FILENO, bytes + length, size - length);
    if (count == 0) return (ssize_t)length;
    if (count > 0) length += (size_t)count;
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
      report_error("cannot read the container's state from stdin: %s", strerror(errno));
      return -1;
    }
  }
  report_error("the container's state on stdin is larger than %zu bytes", size - 1);
  return -1;
}

static bool read_state(struct hook_state *state, int deadline_ms) {
  char *text = malloc(STATE_MAX + 1);
  if (text == NULL) {
    report_error("cannot read the container's state: out of memory");
    return false;
  }
  const char *why;
  ssize_t length = read_stdin(text, STATE_MAX + 1, deadline_ms);
  bool done = length >= 0 && hook_state_read(state, text, (size_t)length, &why);
  if (length >= 0 && !done) report_error("cannot use the container's state on stdin: %s", why);
  free(text);
  return done;
}

/* Hooks run in the runtime's namespace: a container in the same one shares the host's network, and nothing must be moved there. */
static bool shares_our_network(long pid) {
  char path[64];
  struct stat theirs;
  struct stat ours;
  snprintf(path, sizeof path, "/proc/%ld/ns/net", pid);
  return stat(path, &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 && theirs.st_dev == ours.st_dev &&
         theirs.st_ino == ours.st_ino;
}

/* A hook is not told the runtime's root, within which ids are unique; the bundle stands for it. */
static struct container container_of(const struct settings *settings, const struct hook_state *state) {
  return (struct container){.id = state->id,
                            .bundle = state->bundle,
                            .pool = state->pool[0] != '\0' ? state->pool : settings->pool,
                            .tenant = state->tenant[0] != '\0' ? state->tenant : settings->tenant,
                            .root = state->bundle,
                            .pid = state->pid};
}

static int create_runtime(const struct settings *settings, const struct hook_state *state) {
  if (state->skip) return 0;
  if (state->pid == 0) {
    report_error("cannot give container %s a network: its state names no pid", state->id);
    return 1;
  }
  if (shares_our_network(state->pid)) return 0;
  struct container container = container_of(settings, state);
  struct reply reply;
  enum verdict verdict = daemon_graft(settings, &container, &reply);
  if (verdict == VERDICT_DONE || verdict == VERDICT_PASSTHROUGH) return 0;
  if (verdict == VERDICT_FAILED && settings->on_failure == ON_FAILURE_EMPTY) {
    report_warning("container %s starts with an empty network: %s", state->id, reply.message);
    return 0;
  }
  report_error("cannot give container %s a network: %s", state->id, reply.message);
  return 1;
}

static int poststop(const struct settings *settings, const struct hook_state *state) {
  if (state->skip) return 0;
  struct container container = container_of(settings, state);
  struct reply reply;
  if (daemon_release(settings, &container, false, &reply) == VERDICT_DONE) return 0;
  report_error("cannot give back the network of container %s: %s", state->id, reply.message);
  return 1;
}

int hook_run(const struct settings *settings, int argc, char *const *argv) {
  int (*act)(const struct settings *, const struct hook_state *) = NULL;
  if (argc == 3 && strcmp(argv[2], "createRuntime") == 0) act = create_runtime;
  if (argc == 3 && strcmp(argv[2], "poststop") == 0) act = poststop;
  if (act == NULL) {
    report_error("usage: netnsd-runc hook createRuntime|poststop, with the container's state on stdin");
    return 2;
  }
  static struct hook_state state;
  return read_state(&state, settings->deadline_ms) ? act(settings, &state) : 1;
}
