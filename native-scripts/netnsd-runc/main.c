/*
 * netnsd-runc: an OCI runtime that a caller uses in place of runc, and an OCI hook. See README.md beside this file.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "hook.h"
#include "report.h"
#include "settings.h"
#include "wrapper.h"

/* With stdio closed our socket would become fd 0, 1 or 2 and messages would be written into it. The runtime still finds them closed. */
static void guard_stdio(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

int main(int argc, char **argv) {
  static struct settings settings;
  guard_stdio();
  report_as("netnsd-runc");
  bool hook = argc > 1 && strcmp(argv[1], "hook") == 0;
  struct arguments arguments = arguments_read(argc, argv);
  if (!hook) report_to_log(arguments.log, arguments.log_json);
  if (!settings_read(&settings)) return 1;
  return hook ? hook_run(&settings, argc, argv) : wrapper_run(&settings, &arguments, argc, argv);
}
