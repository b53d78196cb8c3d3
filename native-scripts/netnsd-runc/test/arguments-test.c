#include "arguments.h"

#include <string.h>

#include "check.h"
#include "names.h"

/* A command line in one string, split at blanks; `_` stands for an empty argument. */
static struct arguments read_line(const char *line) {
  static char copy[512];
  static char *argv[64];
  int argc = 0;
  strcpy(copy, line);
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
  argv[argc] = NULL;
  return arguments_read(argc, argv);
}

static bool starts(const char *line, enum command command, const char *id, const char *bundle) {
  struct arguments read = read_line(line);
  bool same_bundle = bundle == NULL ? read.bundle == NULL : read.bundle != NULL && strcmp(read.bundle, bundle) == 0;
  return read.command == command && read.id_found == ID_FOUND && strcmp(read.id, id) == 0 && same_bundle;
}

static void check_styles(void) {
  static const char *const lines[] = {
      "r create --bundle /b c", "r create --bundle=/b c", "r create -bundle /b c", "r create -bundle=/b c", "r create -b /b c",
      "r create -b=/b c",       "r create --b /b c",      "r create -b/b c",       "r create c -b /b",      "r create --bun /b c",
      "r create -b /b -- c",    "r create --pid-file p --console-socket s --no-pivot -b /b --preserve-fds 3 c",
      "r create --new-flag=1 -b /b c", "r create --new-flag 1 -b /b c", "r create -b /b --new-switch c", "r create -b /x -b /b c"};
  test("the bundle and the id are found in every style of flags");
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) check(starts(lines[i], COMMAND_CREATE, "c", "/b"), lines[i], __FILE__, __LINE__);
  CHECK(starts("r run c", COMMAND_RUN, "c", NULL));
  CHECK(starts("r run -db/b c", COMMAND_RUN, "c", "/b"));
  CHECK(starts("r run -- -c", COMMAND_RUN, "-c", NULL));
  CHECK(starts("r run -", COMMAND_RUN, "-", NULL));
  CHECK(starts("r run _", COMMAND_RUN, "", NULL));
  CHECK(starts("r restore --image-path i --work-path w --tcp-established --manage-cgroups-mode soft -d -b /b c", COMMAND_RUN, "c", "/b"));
  CHECK(starts("r restore -image-path=i -background --bundle /b c", COMMAND_RUN, "c", "/b"));
}

static void check_globals(void) {
  static const char *const lines[] = {
      "r --root /r --log /l --log-format json --systemd-cgroup create c", "r -root=/r -log /l -log-format=json create c",
      "r --debug --root create --log /l --log-format json create c",      "r --rootless --log=/l --log-format json create c",
      "r --rootless true --log=/l --log-format json create c",            "r --debug-command create --log /l --log-format json create c",
      "r --network host --platform=kvm --log /l --log-format json create c", "r --some-new value --log /l --log-format json create c",
      "r --some-new-switch --log /l --log-format json create c",          "r --log /l --log-format json --some-new-switch create c",
      "r --cgroup-manager disabled --log /l --log-format json -- create c"};
  test("the command is found behind every runtime's global flags");
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    check(starts(lines[i], COMMAND_CREATE, "c", NULL), lines[i], __FILE__, __LINE__);
    struct arguments read = read_line(lines[i]);
    check(read.log_json && read.log != NULL && strcmp(read.log, "/l") == 0, lines[i], __FILE__, __LINE__);
  }
  CHECK_TEXT(read_line("r --root=/r delete c").root, "/r");
  CHECK_TEXT(read_line("r -root /r delete c").root, "/r");
}

static void check_switches(void) {
  test("switches are read with and without a value");
  CHECK(read_line("r run -d c").detach && read_line("r run --detach c").detach && read_line("r run -detach=true c").detach);
  CHECK(!read_line("r run c").detach && !read_line("r run --detach=false c").detach && !read_line("r run -d=0 c").detach);
  CHECK(read_line("r run --keep c").keep && !read_line("r run --keep=F c").keep);
  CHECK_TEXT(read_line("r run -f other.json c").config, "other.json");
}

static void check_nothing(void) {
  static const char *const lines[] = {"r",           "r create",       "r --help create c", "r create --help c",   "r create -h c",
                                      "r create a b", "r -v create c",  "r delete -r c",     "r delete --regex c",  "r delete",
                                      "r create --",  "r --root create", "r -? run c",       "r create --bundle c", "r delete a b"};
  test("without one id, or where only help is asked for, there is nothing to do before the runtime");
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) check(read_line(lines[i]).id_found == ID_NONE, lines[i], __FILE__, __LINE__);
  test("commands that have no part in networks are left alone");
  static const char *const others[] = {"r state c", "r exec c ls", "r kill c KILL", "r nonsense c", "r _", "r start create", "r --root /r list"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    check(read_line(others[i]).command == COMMAND_OTHER, others[i], __FILE__, __LINE__);
  CHECK(arguments_read(0, NULL).command == COMMAND_OTHER);
}

void test_arguments(void) {
  check_styles();
  check_globals();
  check_switches();
  check_nothing();
  test("two unknown flags with an argument each leave the id open");
  CHECK(read_line("r create --one a --two b").id_found == ID_AMBIGUOUS);
  test("delete takes the id with its own flags");
  CHECK(starts("r delete --force c", COMMAND_DELETE, "c", NULL));
  CHECK(starts("r delete -f c", COMMAND_DELETE, "c", NULL));
  CHECK(starts("r delete c -force", COMMAND_DELETE, "c", NULL));
  test("a container's id is what runtimes take for one");
  char longest[257];
  memset(longest, 'a', 256);
  longest[256] = '\0';
  CHECK(is_container_id("a") && is_container_id("a_b.c-d+0") && is_container_id(longest + 1));
  CHECK(!is_container_id(longest) && !is_container_id("") && !is_container_id(".") && !is_container_id(".."));
  CHECK(!is_container_id("a/b") && !is_container_id("a b") && !is_container_id("a\nb") && !is_container_id("\xc3\xa9"));
}
