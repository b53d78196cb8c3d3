#include "wrapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle.h"
#include "daemon.h"
#include "names.h"
#include "report.h"
#include "runtime.h"
#include "shelf-patch.h"

struct call {
  const struct settings *settings;
  const struct arguments *arguments;
  int argc;
  char *const *argv;
  char runtime[PATH_MAX];
  struct bundle bundle;
  struct container container;
  char root[2 * PATH_MAX];
};

static int become(const struct call *call) { return runtime_become(call->runtime, call->argc, call->argv); }

/* `over`: the container is surely no more. A runtime that was killed may have left it running. */
static void give_back(const struct call *call, bool over) {
  struct reply reply;
  if (over && shelf_release(call->settings, &call->container)) return;
  if (daemon_release(call->settings, &call->container, over, &reply) == VERDICT_DONE) return;
  report_warning("the network of container %s was not given back, netnsd will find it: %s", call->container.id, reply.message);
}

/* Whether the lease ends with this process: `existing` ones belong to a container that stood before, which may still run. */
static bool must_give_back(const struct arguments *arguments, const struct reply *reply, int wait_status) {
  bool failed = wait_status != 0;
  if (wait_status < 0) return !reply->existing;
  if (arguments->command == COMMAND_RUN && !arguments->detach) return !arguments->keep && !(reply->existing && failed);
  return failed && !reply->existing;
}

/* A `run` in the foreground that ended by itself has seen its container's end; of a `create` that failed, something may be left. */
static bool is_over(const struct arguments *arguments, int wait_status) {
  return wait_status < 0 || (arguments->command == COMMAND_RUN && !arguments->detach && WIFEXITED(wait_status));
}

static _Noreturn void start_patched(const struct call *call, const struct reply *reply) {
  int signal_number = runtime_pending_end();
  if (signal_number != 0) {
    if (!reply->existing) give_back(call, true);
    runtime_end_by(signal_number);
  }
  int wait_status = runtime_run(call->runtime, call->argc, call->argv);
  if (must_give_back(call->arguments, reply, wait_status)) give_back(call, is_over(call->arguments, wait_status));
  if (wait_status < 0) exit(1);
  runtime_end_like(wait_status);
}

static int start_unpatched(const struct call *call, enum verdict verdict, const struct reply *reply) {
  bool may_be_empty = verdict == VERDICT_FAILED && call->settings->on_failure == ON_FAILURE_EMPTY;
  /* A path of an earlier run may be another container's by now. */
  if (may_be_empty && call->bundle.kind == SPEC_WANTS_ENDPOINT) {
    report_warning("container %s starts with an empty network: %s", call->container.id, reply->message);
    runtime_release_signals();
    return become(call);
  }
  report_error("cannot give container %s a network: %s", call->container.id, reply->message);
  return 1;
}

static bool concerns_us(enum spec_kind kind) {
  return kind == SPEC_WANTS_ENDPOINT || kind == SPEC_PATCHED_BEFORE || kind == SPEC_USER_NAMESPACE;
}

static int start(struct call *call) {
  const struct arguments *arguments = call->arguments;
  if (arguments->id_found == ID_NONE) return become(call);
  if (!bundle_read(&call->bundle, arguments->bundle, arguments->config)) return 1;
  if (!concerns_us(call->bundle.kind)) return become(call);
  if (arguments->id_found == ID_AMBIGUOUS) {
    report_error("cannot tell which argument is the container's id: write flags with values as --flag=value");
    return 1;
  }
  if (!is_container_id(arguments->id)) {
    report_error("%.64s is no container id for netnsd: use up to 255 letters, digits and _+.-", arguments->id);
    return 1;
  }
  if (call->bundle.kind == SPEC_USER_NAMESPACE) {
    report_error("cannot give container %s a network: its spec has a user namespace, and a leased network namespace belongs to the host's; "
                 "use OCI hooks for it (`netnsd oci hooks`), or the annotation " ANNOTATION_SKIP " to leave it out",
                 arguments->id);
    return 1;
  }
  if (call->bundle.unpatchable != NULL) {
    report_error("cannot give container %s a network in the bundle %s: %s", arguments->id, call->bundle.path, call->bundle.unpatchable);
    return 1;
  }
  call->container.bundle = call->bundle.path;
  runtime_hold_signals();
  struct reply reply;
  enum verdict verdict;
  if (!shelf_patch(call->settings, &call->container, &call->bundle, &verdict, &reply))
    verdict = daemon_patch(call->settings, &call->container, &reply);
  if (verdict == VERDICT_DONE && reply.unseen) {
    if (!reply.existing) give_back(call, true);
    report_error("cannot give container %s a network: the path of its lease leads nowhere here; run netnsd-runc with the process ids of the "
                 "daemon's host (--pid host, in a container) and its state directory",
                 arguments->id);
    return 1;
  }
  if (verdict == VERDICT_DONE) start_patched(call, &reply);
  if (verdict != VERDICT_PASSTHROUGH) return start_unpatched(call, verdict, &reply);
  runtime_release_signals();
  return become(call);
}

/* The lease outlives a runtime that could not delete, since the container may still run. */
static int delete(const struct call *call) {
  if (call->arguments->id_found != ID_FOUND || !is_container_id(call->container.id)) return become(call);
  runtime_hold_signals();
  int wait_status = runtime_run(call->runtime, call->argc, call->argv);
  if (wait_status == 0) give_back(call, true);
  if (wait_status < 0) return 1;
  runtime_end_like(wait_status);
}

/* The same root gives the same text, from whatever directory; links are not followed, since create may find no such folder yet. */
static const char *absolute_root(struct call *call, const char *root) {
  if (root == NULL || root[0] == '\0') return "";
  char here[PATH_MAX] = "";
  if (root[0] != '/' && getcwd(here, sizeof here) == NULL) return root;
  int length = snprintf(call->root, sizeof call->root, "%s%s%s", here, here[0] == '\0' ? "" : "/", root);
  if (length < 0 || (size_t)length >= sizeof call->root) return root;
  while (length > 1 && call->root[length - 1] == '/') call->root[--length] = '\0';
  return call->root;
}

int wrapper_run(const struct settings *settings, const struct arguments *arguments, int argc, char *const *argv) {
  static struct call call;
  call.settings = settings;
  call.arguments = arguments;
  call.argc = argc;
  call.argv = argv;
  call.container.id = arguments->id;
  call.container.bundle = "";
  call.container.pool = settings->pool;
  call.container.tenant = settings->tenant;
  call.container.root = absolute_root(&call, arguments->root);
  if (!runtime_find(settings->runtime, call.runtime)) return 1;
  switch (arguments->command) {
    case COMMAND_CREATE:
    case COMMAND_RUN: return start(&call);
    case COMMAND_DELETE: return delete (&call);
    case COMMAND_OTHER: break;
  }
  return become(&call);
}
