#include "http.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct http_answer answer;

/* In a buffer of exactly its size, so that a byte read beyond it is found. */
static enum http_progress progress_of(const char *text, size_t length, bool closed) {
  char *copy = malloc(length == 0 ? 1 : length);
  if (copy == NULL) abort();
  memcpy(copy, text, length);
  const char *why = NULL;
  enum http_progress progress = http_read(copy, length, closed, &answer, &why);
  CHECK((progress == HTTP_BAD) == (why != NULL));
  free(copy);
  return progress;
}

static enum http_progress whole(const char *text) { return progress_of(text, strlen(text), true); }

static const char good[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: \t2 \r\n\r\n{}";

static void check_framing(void) {
  test("an answer is complete exactly when its Content-Length has come");
  for (size_t length = 0; length < sizeof good - 1; length++) CHECK(progress_of(good, length, false) == HTTP_MORE);
  CHECK(progress_of(good, sizeof good - 1, false) == HTTP_COMPLETE);
  CHECK(answer.status == 200 && answer.body_length == 2);
  test("an answer that ends too early is bad at every place");
  for (size_t length = 0; length < sizeof good - 1; length++) CHECK(progress_of(good, length, true) == HTTP_BAD);
  test("an answer of status 204 needs no Content-Length");
  CHECK(whole("HTTP/1.1 204 No Content\r\n\r\n") == HTTP_COMPLETE);
  CHECK(answer.status == 204 && answer.body_length == 0);
  CHECK(whole("HTTP/1.0 204\r\n\r\n") == HTTP_COMPLETE);
}

static void check_lengths(void) {
  test("a Content-Length that is missing, doubled, no number or not true is bad");
  CHECK(whole("HTTP/1.1 200 OK\r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\n{}") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}") == HTTP_BAD);
}

static void check_surplus(void) {
  static const char surplus[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}";
  test("anything behind the body is refused at once");
  CHECK(progress_of(surplus, sizeof surplus - 1, false) == HTTP_BAD);
  CHECK(progress_of(surplus, sizeof surplus - 2, false) == HTTP_COMPLETE);
}

void test_http(void) {
  check_surplus();
  check_framing();
  check_lengths();
  test("a chunked body is refused");
  CHECK(whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n") == HTTP_BAD);
  test("what is not HTTP is refused at its first byte");
  CHECK(progress_of("S", 1, false) == HTTP_BAD);
  CHECK(progress_of("HTTP/2", 6, false) == HTTP_BAD);
  test("malformed status lines and header fields are refused");
  CHECK(whole("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.\r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 100 Continue\r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n") == HTTP_BAD);
  CHECK(whole("HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 0\r\n\r\n") == HTTP_BAD);
  test("a header without end is refused at its limit");
  static char endless[HTTP_HEAD_MAX];
  memset(endless, 'a', sizeof endless);
  memcpy(endless, "HTTP/1.1 200 OK\r\nX: ", 20);
  CHECK(progress_of(endless, sizeof endless - 1, false) == HTTP_MORE);
  CHECK(progress_of(endless, sizeof endless, false) == HTTP_BAD);
}
