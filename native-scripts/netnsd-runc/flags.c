#include "flags.h"

#include <string.h>

#define VALUE(name, use) {name, '\0', true, use}
#define SWITCH(name, use) {name, '\0', false, use}

/* runc's and crun's --rootless takes a value and runsc's does not, so it is left to the rule for unknown flags. */
const struct flag global_flags[] = {
    {"help", 'h', false, FLAG_HELP},
    {"usage", '?', false, FLAG_HELP},
    {"version", 'v', false, FLAG_HELP},
    {"V", 'V', false, FLAG_HELP},
    VALUE("root", FLAG_ROOT),
    VALUE("log", FLAG_LOG),
    VALUE("log-format", FLAG_LOG_FORMAT),
    SWITCH("debug", FLAG_OTHER),
    SWITCH("systemd-cgroup", FLAG_OTHER),
    /* runc */
    VALUE("criu", FLAG_OTHER),
    /* crun */
    VALUE("cgroup-manager", FLAG_OTHER),
    VALUE("log-level", FLAG_OTHER),
    /* runsc */
    SWITCH("allow-flag-override", FLAG_OTHER),
    SWITCH("alsologtostderr", FLAG_OTHER),
    SWITCH("debug-to-user-log", FLAG_OTHER),
    SWITCH("ignore-cgroups", FLAG_OTHER),
    SWITCH("log-packets", FLAG_OTHER),
    SWITCH("net-raw", FLAG_OTHER),
    SWITCH("nvproxy", FLAG_OTHER),
    SWITCH("overlay", FLAG_OTHER),
    SWITCH("profile", FLAG_OTHER),
    SWITCH("strace", FLAG_OTHER),
    SWITCH("strace-event", FLAG_OTHER),
    VALUE("coverage-report", FLAG_OTHER),
    VALUE("dcache", FLAG_OTHER),
    VALUE("debug-command", FLAG_OTHER),
    VALUE("debug-log", FLAG_OTHER),
    VALUE("debug-log-format", FLAG_OTHER),
    VALUE("fdlimit", FLAG_OTHER),
    VALUE("file-access", FLAG_OTHER),
    VALUE("file-access-mounts", FLAG_OTHER),
    VALUE("final-metrics-log", FLAG_OTHER),
    VALUE("gofer-network-namespace", FLAG_OTHER),
    VALUE("host-fifo", FLAG_OTHER),
    VALUE("host-settings", FLAG_OTHER),
    VALUE("host-uds", FLAG_OTHER),
    VALUE("metric-server", FLAG_OTHER),
    VALUE("network", FLAG_OTHER),
    VALUE("num-network-channels", FLAG_OTHER),
    VALUE("overlay2", FLAG_OTHER),
    VALUE("panic-log", FLAG_OTHER),
    VALUE("panic-signal", FLAG_OTHER),
    VALUE("pcap-log", FLAG_OTHER),
    VALUE("platform", FLAG_OTHER),
    VALUE("platform_device_path", FLAG_OTHER),
    VALUE("pod-init-config", FLAG_OTHER),
    VALUE("profile-block", FLAG_OTHER),
    VALUE("profile-cpu", FLAG_OTHER),
    VALUE("profile-gc-interval", FLAG_OTHER),
    VALUE("profile-heap", FLAG_OTHER),
    VALUE("profile-mutex", FLAG_OTHER),
    VALUE("profiling-metrics", FLAG_OTHER),
    VALUE("profiling-metrics-log", FLAG_OTHER),
    VALUE("qdisc", FLAG_OTHER),
    VALUE("ref-leak-mode", FLAG_OTHER),
    VALUE("shared-root", FLAG_OTHER),
    VALUE("strace-log-size", FLAG_OTHER),
    VALUE("strace-syscalls", FLAG_OTHER),
    VALUE("trace", FLAG_OTHER),
    VALUE("traceback", FLAG_OTHER),
    VALUE("watchdog-action", FLAG_OTHER),
    {NULL, '\0', false, FLAG_OTHER},
};

const struct flag start_flags[] = {
    {"help", 'h', false, FLAG_HELP},
    {"usage", '?', false, FLAG_HELP},
    {"bundle", 'b', true, FLAG_BUNDLE},
    {"config", 'f', true, FLAG_CONFIG},
    {"detach", 'd', false, FLAG_DETACH},
    SWITCH("keep", FLAG_KEEP),
    VALUE("console-socket", FLAG_OTHER),
    VALUE("exec-fd", FLAG_OTHER),
    VALUE("pass-fd", FLAG_OTHER),
    VALUE("pid-file", FLAG_OTHER),
    VALUE("pidfd-socket", FLAG_OTHER),
    VALUE("preserve-fds", FLAG_OTHER),
    VALUE("user-log", FLAG_OTHER),
    SWITCH("no-new-keyring", FLAG_OTHER),
    SWITCH("no-pivot", FLAG_OTHER),
    SWITCH("no-subreaper", FLAG_OTHER),
    /* restore */
    VALUE("empty-ns", FLAG_OTHER),
    VALUE("image-path", FLAG_OTHER),
    VALUE("lsm-mount-context", FLAG_OTHER),
    VALUE("lsm-profile", FLAG_OTHER),
    VALUE("manage-cgroups-mode", FLAG_OTHER),
    VALUE("work-path", FLAG_OTHER),
    SWITCH("auto-dedup", FLAG_OTHER),
    SWITCH("background", FLAG_OTHER),
    SWITCH("direct", FLAG_OTHER),
    SWITCH("ext-unix-sk", FLAG_OTHER),
    SWITCH("file-locks", FLAG_OTHER),
    SWITCH("lazy-pages", FLAG_OTHER),
    SWITCH("shell-job", FLAG_OTHER),
    SWITCH("tcp-established", FLAG_OTHER),
    {NULL, '\0', false, FLAG_OTHER},
};

const struct flag delete_flags[] = {
    {"help", 'h', false, FLAG_HELP},
    {"usage", '?', false, FLAG_HELP},
    {"force", 'f', false, FLAG_OTHER},
    {"regex", 'r', false, FLAG_REGEX},
    {NULL, '\0', false, FLAG_OTHER},
};

static const struct flag unknown = {"", '\0', false, FLAG_UNKNOWN};

bool is_command(const char *word) {
  static const char *const commands[] = {
      "boot",   "checkpoint", "create", "debug",  "delete",  "do",     "events",   "exec",  "features", "flags", "gofer",
      "h",      "help",       "init",   "install", "kill",   "list",   "mitigate", "mounts", "pause",   "port-forward", "ps",
      "restore", "resume",    "run",    "spec",   "start",   "state",  "tar",      "trace", "umount",   "uninstall", "update",
      "wait",
  };
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(commands[i], word) == 0) return true;
  return false;
}

static const struct flag *find_letter(const struct flag *table, char letter) {
  for (; letter != '\0' && table->name != NULL; table++)
    if (table->letter == letter) return table;
  return NULL;
}

static const struct flag *find_name(const struct flag *table, const char *name, size_t length) {
  const struct flag *letter = length == 1 ? find_letter(table, name[0]) : NULL;
  for (; letter == NULL && table->name != NULL; table++)
    if (strlen(table->name) == length && memcmp(table->name, name, length) == 0) return table;
  return letter;
}

static const struct flag *find_beginning(const struct flag *table, const char *name, size_t length) {
  const struct flag *found = NULL;
  for (; length > 0 && table->name != NULL; table++) {
    if (strncmp(table->name, name, length) != 0) continue;
    if (found != NULL) return NULL;
    found = table;
  }
  return found;
}

/* `-dbDIR`: the letters up to the first that takes a value. 0 if one of them is unknown. */
static size_t match_cluster(const struct flag *table, const char *letters, struct flag_match *matches, size_t size) {
  size_t count = 0;
  while (*letters != '\0') {
    const struct flag *flag = find_letter(table, *letters++);
    if (flag == NULL || count == size) return 0;
    matches[count].flag = flag;
    matches[count].value = flag->takes_value && *letters != '\0' ? letters : NULL;
    count++;
    if (flag->takes_value) break;
  }
  return count;
}

size_t match_flags(const struct flag *table, const char *argument, struct flag_match *matches, size_t size) {
  bool two_dashes = argument[1] == '-';
  const char *name = argument + (two_dashes ? 2 : 1);
  const char *equals = strchr(name, '=');
  size_t length = equals == NULL ? strlen(name) : (size_t)(equals - name);
  const struct flag *flag = find_name(table, name, length);
  if (flag == NULL && two_dashes) flag = find_beginning(table, name, length);
  if (flag == NULL && !two_dashes) {
    size_t count = match_cluster(table, name, matches, size);
    if (count > 0) return count;
  }
  matches[0].flag = flag == NULL ? &unknown : flag;
  matches[0].value = equals == NULL ? NULL : equals + 1;
  return 1;
}
