#include "node.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* The folder that holds this program's file, whatever link it was called by. */
static bool find_own_folder(char folder[PATH_MAX]) {
  ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
  if (length <= 0) return false;
  folder[length] = '\0';
  char *slash = strrchr(folder, '/');
  if (slash == NULL) return false;
  *slash = '\0';
  return true;
}

/* In dist/bin, as it is installed; or in native-scripts/build, as it is built. */
static bool find_script(const char *folder, char script[2 * PATH_MAX]) {
  static const char *const places[] = {"../src/main.js", "../../dist/src/main.js"};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    snprintf(script, 2 * PATH_MAX, "%s/%s", folder, places[i]);
    if (access(script, R_OK) == 0) return true;
  }
  return false;
}

int become_node(int argc, char *const *argv) {
  char folder[PATH_MAX];
  static char script[2 * PATH_MAX];
  static char beside[PATH_MAX + sizeof "/node"];
  if (!find_own_folder(folder) || !find_script(folder, script)) {
    report_error("its JavaScript is not where it belongs, ../src/main.js as seen from this program: install netnsd again");
    return 1;
  }
  /* Node.js does not start in a folder that was removed. */
  char here[PATH_MAX];
  if (getcwd(here, sizeof here) == NULL && chdir("/") != 0) report_warning("cannot leave the removed working directory");
  snprintf(beside, sizeof beside, "%s/node", folder);
  const char *node = getenv("NETNSD_NODE");
  if (node == NULL || node[0] == '\0') node = access(beside, X_OK) == 0 ? beside : "node";
  char **own = calloc((size_t)argc + 2, sizeof *own);
  if (own != NULL) {
    own[0] = (char *)"node";
    own[1] = script;
    for (int i = 1; i < argc; i++) own[i + 1] = argv[i];
    execvp(node, own);
  }
  report_error("cannot execute Node.js (%s): %s; install it, or set NETNSD_NODE to its path", node, strerror(errno));
  free(own);
  return 1;
}
