/*
 * netnsd: the command line. What a start of a container waits for (acquire, release, renew, oci patch) is done here, by the shelf or over
 * the daemon's socket; for all else this program becomes the command line in JavaScript. See README.md beside this file.
 */
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "commands-run.h"
#include "node.h"
#include "paths.h"
#include "privileges.h"

static int run(const struct command_line *line, const char *socket_path) {
  static const struct {
    const char *words;
    int (*run)(const struct command_line *, const char *);
  } programs[] = {{"acquire", run_acquire}, {"release", run_release}, {"renew", run_renew}, {"oci patch", run_patch}};
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
    if (strcmp(line->command->words, programs[i].words) == 0) return programs[i].run(line, socket_path);
  return FOR_NODE;
}

/* `netnsd serve`, as src/main.ts finds out too: the first word that is no option. */
static bool is_serve(int argc, char *const *argv) {
  for (int i = 1; i < argc; i++)
    if (argv[i][0] != '-') return strcmp(argv[i], "serve") == 0;
  return false;
}

/* Node.js reads the certificates of this variable when it starts, which takes longer than all else in its start. The daemon has no TLS. */
static bool prepare_daemon(void) {
  unsetenv("NODE_EXTRA_CA_CERTS");
  return shed_privileges();
}

int main(int argc, char **argv) {
  static struct command_line line;
  char socket_path[PATH_MAX];
  int status = FOR_NODE;
  if (command_line_read(&line, argc, argv) && find_socket(socket_path, value_of(&line, "socket"))) status = run(&line, socket_path);
  if (status != FOR_NODE) return status;
  if (is_serve(argc, argv) && !prepare_daemon()) return 1;
  return become_node(argc, argv);
}
