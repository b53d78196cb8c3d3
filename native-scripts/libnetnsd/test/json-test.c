#include "json.h"

#include <string.h>

#include "check.h"

static bool is_valid(const char *text) {
  struct json root;
  return json_parse(text, strlen(text), &root);
}

static struct json parsed(const char *text) {
  struct json root = {.type = JSON_NULL};
  CHECK(json_parse(text, strlen(text), &root));
  return root;
}

static void check_grammar(void) {
  static const char *const good[] = {"{}", "[]", " [ ] ", "[[],{}]", "{\"a\":[1,2,{\"b\":null}],\"c\":\"\"}", "0", "-0.5e+10", "1E5",
                                     "\"\\u00e9\\n\\/\"", "true", "false", "null", "\t\r\n{ \"a\" : true , \"b\" : [ false ] }\n"};
  static const char *const wrong[] = {"", " ", "{", "}", "[", "]", "[1,]", "[,1]", "{\"a\":1,}", "{\"a\"}", "{\"a\" 1}", "{a:1}", "{\"a\":}",
                                      "[1 2]", "01", "-", "1.", ".5", "1e", "+1", "tru", "nul", "nulll", "\"", "\"\\x\"", "\"\\u12g4\"",
                                      "\"\\u12\"", "\"a\nb\"", "[1]]", "{} {}", "'a'", "[1,2}", "{\"a\":1]", "\xef\xbb\xbf{}", "// x\n{}",
                                      "NaN", "[\"a\":1]", "\"\\"};
  test("every kind of JSON text is taken");
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) check(is_valid(good[i]), good[i], __FILE__, __LINE__);
  test("what is not JSON by the letter is refused");
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) check(!is_valid(wrong[i]), wrong[i], __FILE__, __LINE__);
  test("a NUL byte is no JSON, in a string or outside");
  struct json root;
  CHECK(!json_parse("\"\0\"", 3, &root));
  CHECK(!json_parse("{}\0", 3, &root));
  CHECK(!json_parse("\"\\\0\"", 4, &root));
}

static void check_depth(void) {
  static char deep[2 * JSON_DEPTH_MAX + 2];
  test("nesting is taken up to its limit and not beyond");
  memset(deep, '[', JSON_DEPTH_MAX);
  memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
  struct json root;
  CHECK(json_parse(deep, 2 * JSON_DEPTH_MAX, &root));
  memset(deep, '[', JSON_DEPTH_MAX + 1);
  memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
  CHECK(!json_parse(deep, 2 * JSON_DEPTH_MAX + 2, &root));
}

static void check_members(void) {
  struct json value;
  test("a member is found by its decoded name, and null counts as missing");
  CHECK(json_get(parsed("{\"x\":1,\"\\u0061b\":\"v\"}"), "ab", &value) == JSON_FOUND && json_is(value, "v"));
  CHECK(json_get(parsed("{\"ab\":null}"), "ab", &value) == JSON_MISSING);
  CHECK(json_get(parsed("{\"abc\":1}"), "ab", &value) == JSON_MISSING);
  CHECK(json_get(parsed("{}"), "ab", &value) == JSON_MISSING);
  CHECK(json_get(parsed("[1]"), "ab", &value) == JSON_MISSING);
  test("a member that stands twice, or in another case, is never chosen");
  CHECK(json_get(parsed("{\"ab\":1,\"ab\":2}"), "ab", &value) == JSON_TWICE);
  CHECK(json_get(parsed("{\"AB\":1}"), "ab", &value) == JSON_TWICE);
  test("walking a list gives each element once");
  struct json list = parsed(" [ 1 , [2,3] , {\"a\":[]} , \"s\" ] ");
  const char *position = NULL;
  enum json_type types[8];
  int count = 0;
  while (json_next(list, &position, NULL, &value)) types[count++] = value.type;
  CHECK(count == 4);
  CHECK(types[0] == JSON_NUMBER && types[1] == JSON_ARRAY && types[2] == JSON_OBJECT && types[3] == JSON_STRING);
}

void test_json(void) {
  char buffer[8];
  check_grammar();
  check_depth();
  check_members();
  test("a string is decoded into UTF-8, surrogate pairs included");
  CHECK(json_copy(parsed("\"\\u00e9\\ud83d\\ude00\""), buffer, sizeof buffer));
  CHECK_TEXT(buffer, "\xc3\xa9\xf0\x9f\x98\x80");
  test("a string that does not fit, holds a NUL or half a surrogate pair is refused");
  CHECK(json_copy(parsed("\"1234567\""), buffer, sizeof buffer));
  CHECK(!json_copy(parsed("\"12345678\""), buffer, sizeof buffer));
  CHECK(!json_copy(parsed("\"123456\\u00e9\""), buffer, sizeof buffer));
  CHECK(!json_copy(parsed("\"a\\u0000\""), buffer, sizeof buffer));
  CHECK(!json_copy(parsed("\"\\ud83d\""), buffer, sizeof buffer));
  CHECK(!json_copy(parsed("\"\\ud83d\\u0041\""), buffer, sizeof buffer));
  CHECK(!json_copy(parsed("\"\\ude00\""), buffer, sizeof buffer));
  CHECK(!json_copy(parsed("12"), buffer, sizeof buffer));
  test("a whole number is read within its bounds");
  long number = 0;
  CHECK(json_integer(parsed("4194304"), 0, 4194304, &number) && number == 4194304);
  CHECK(json_integer(parsed("-3"), -5, 5, &number) && number == -3);
  CHECK(!json_integer(parsed("4194305"), 0, 4194304, &number));
  CHECK(!json_integer(parsed("99999999999999999999999"), 0, 4194304, &number));
  CHECK(!json_integer(parsed("1.0"), 0, 5, &number));
  CHECK(!json_integer(parsed("1e2"), 0, 500, &number));
  CHECK(!json_integer(parsed("\"1\""), 0, 5, &number));
}
