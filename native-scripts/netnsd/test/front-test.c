#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "command-line.h"
#include "paths.h"
#include "printable.h"
#include "process.h"

static struct command_line line;

/* Reads a command line in one string, split at blanks. */
static bool reads(const char *words) {
  static char copy[512];
  static char *argv[64] = {(char *)"netnsd"};
  int argc = 1;
  strcpy(copy, words);
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) argv[argc++] = word;
  argv[argc] = NULL;
  return command_line_read(&line, argc, argv);
}

static void check_command_lines(void) {
  test("a command line that is in order has its values and operands");
  CHECK(reads("acquire --id a --id=b --ttl 0.5 --path"));
  CHECK_TEXT(value_of(&line, "id"), "b");
  CHECK_TEXT(value_of(&line, "ttl"), "0.5");
  CHECK(value_of(&line, "path") != NULL && value_of(&line, "json") == NULL && value_of(&line, "force") == NULL);
  CHECK(reads("release a b --force c") && line.operand_count == 3);
  CHECK_TEXT(line.operands[2], "c");
  CHECK(reads("oci patch - --id --json"));
  CHECK_TEXT(value_of(&line, "id"), "--json");
  test("what is not surely in order is left to the other program");
  static const char *const others[] = {"",
                                       "acquire x",
                                       "acquire -h",
                                       "acquire --help",
                                       "acquire --id",
                                       "acquire --id=",
                                       "acquire --path --json",
                                       "acquire --id a --count 1",
                                       "acquire --count 0",
                                       "acquire --count 1.5",
                                       "acquire --count 99999999999999999",
                                       "acquire --ttl 0.0",
                                       "acquire --ttl .5",
                                       "acquire --ttl 1.",
                                       "acquire --wait -1",
                                       "acquire --wait 1e3",
                                       "acquire --path=yes",
                                       "acquire --pat",
                                       "acquire -- x",
                                       "renew a",
                                       "renew a b --ttl 1",
                                       "renew --ttl 1",
                                       "oci",
                                       "oci patch b",
                                       "oci hooks",
                                       "acquir",
                                       "--json acquire",
                                       "serve"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) CHECK(!reads(others[i]));
}

static const char *resolved(const char *path) {
  static char result[PATH_MAX];
  return resolve_path(result, path) ? result : NULL;
}

static void check_paths(void) {
  test("paths are made absolute by their text alone");
  CHECK_TEXT(resolved("/a//b/./c/../d/"), "/a/b/d");
  CHECK_TEXT(resolved("/../.."), "/");
  CHECK_TEXT(resolved("/a/..b/.../c.."), "/a/..b/.../c..");
  CHECK(resolved("x") != NULL && resolved("x")[0] == '/');
  static char longest[PATH_MAX + 2];
  memset(longest, 'x', sizeof longest - 1);
  longest[0] = '/';
  CHECK(resolved(longest) == NULL);
  test("the socket is the option's, then the environment's, then the state directory's");
  char path[PATH_MAX];
  unsetenv("NETNSD_SOCKET");
  unsetenv("NETNSD_STATE_DIR");
  CHECK(find_socket(path, NULL));
  CHECK_TEXT(path, "/run/netnsd/netnsd.sock");
  setenv("NETNSD_STATE_DIR", "/s/", 1);
  CHECK(find_socket(path, ""));
  CHECK_TEXT(path, "/s/netnsd.sock");
  setenv("NETNSD_SOCKET", "/t", 1);
  CHECK(find_socket(path, NULL));
  CHECK_TEXT(path, "/t");
  CHECK(find_socket(path, "/u/../v"));
  CHECK_TEXT(path, "/v");
  CHECK(!find_socket(path, longest));
  longest[108] = '\0';
  CHECK(!find_socket(path, longest));
  longest[107] = '\0';
  CHECK(find_socket(path, longest));
}

static const char *indented(const char *json) {
  static char bytes[512];
  struct text text = text_in(bytes, sizeof bytes);
  struct json value;
  if (!json_parse(json, strlen(json), &value)) return NULL;
  add_indented(&text, value);
  return bytes;
}

static void check_text_of(void) {
  char bytes[64];
  struct text text = text_in(bytes, sizeof bytes);
  test("JSON is indented as JSON.stringify does it");
  CHECK_TEXT(indented("{\"a\":[1,{\"b\":null}], \"c\" : [ ],\"d\":{},\"e\":\"{,:\\\"\\\\\"}"),
             "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": [],\n  \"d\": {},\n  \"e\": \"{,:\\\"\\\\\"\n}");
  CHECK_TEXT(indented(" 1 "), "1");
  CHECK_TEXT(indented("[[]]"), "[\n  []\n]");
  test("what would move a terminal's cursor is replaced, and columns are counted as JavaScript does");
  CHECK(add_printable(&text, "a\x1b\xc2\x9b\xc3\xa9\xf0\x9f\x98\x80\xff", 11) == 7);
  CHECK_TEXT(bytes, "a\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd");
}

void test_front(void) {
  uint64_t ticks = 0;
  check_command_lines();
  check_paths();
  check_text_of();
  test("a process is known by when it started");
  CHECK(read_start_ticks(1, &ticks) && read_start_ticks(getpid(), &ticks) && ticks > 0 && !read_start_ticks(4194304, &ticks));
}
