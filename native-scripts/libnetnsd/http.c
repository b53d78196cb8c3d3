#include "http.h"

#include <string.h>
#include <strings.h>

static enum http_progress bad(const char **why, const char *reason) {
  *why = reason;
  return HTTP_BAD;
}

/* `HTTP/1.1 200 OK`: the status, or -1. */
static int read_status(const char *line, size_t length) {
  if (length < 12 || memcmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') || line[8] != ' ') return -1;
  int status = 0;
  for (int i = 9; i < 12; i++) {
    if (line[i] < '0' || line[i] > '9') return -1;
    status = status * 10 + (line[i] - '0');
  }
  if (length > 12 && line[12] != ' ') return -1;
  return status >= 100 && status <= 599 ? status : -1;
}

static bool is_named(const char *line, size_t name_length, const char *name) {
  return name_length == strlen(name) && strncasecmp(line, name, name_length) == 0;
}

/* Digits with blanks around them, at most HTTP_ANSWER_MAX; -1 for anything else. */
static long read_content_length(const char *value, size_t length) {
  while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t')) length--;
  while (length > 0 && (*value == ' ' || *value == '\t')) {
    value++;
    length--;
  }
  long sum = length == 0 ? -1 : 0;
  for (size_t i = 0; i < length && sum >= 0; i++) {
    if (value[i] < '0' || value[i] > '9') return -1;
    sum = sum * 10 + (value[i] - '0');
    if (sum > HTTP_ANSWER_MAX) return HTTP_ANSWER_MAX + 1L;
  }
  return sum;
}

/* The header fields up to `end`: `*content_length` becomes -1 if none names it. NULL if all is well, else what is not. */
static const char *read_fields(const char *at, const char *end, long *content_length) {
  *content_length = -1;
  while (at < end) {
    const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
    if (line_end == NULL) return "a header field has no end";
    const char *colon = memchr(at, ':', (size_t)(line_end - at));
    if (colon == NULL || colon == at) return "a header field has no name";
    size_t name_length = (size_t)(colon - at);
    if (is_named(at, name_length, "transfer-encoding")) return "its body is chunked, which netnsd never does";
    if (is_named(at, name_length, "content-length")) {
      if (*content_length >= 0) return "it has two Content-Length fields";
      *content_length = read_content_length(colon + 1, (size_t)(line_end - colon - 1));
      if (*content_length < 0) return "its Content-Length is no number";
      if (*content_length > HTTP_ANSWER_MAX) return "it is too large";
    }
    at = line_end + 2;
  }
  return NULL;
}

enum http_progress http_read(const char *text, size_t length, bool closed, struct http_answer *answer, const char **why) {
  static const char first[] = "HTTP/1.";
  size_t prefix = length < sizeof first - 1 ? length : sizeof first - 1;
  if (memcmp(text, first, prefix) != 0) return bad(why, "it is not HTTP");
  const char *blank = memmem(text, length, "\r\n\r\n", 4);
  if (blank == NULL) {
    if (length >= HTTP_HEAD_MAX) return bad(why, "its header is too large");
    if (!closed) return HTTP_MORE;
    return bad(why, length == 0 ? "the connection was closed without an answer" : "it ends within its header");
  }
  const char *line_end = memmem(text, (size_t)(blank - text) + 2, "\r\n", 2);
  answer->status = read_status(text, (size_t)(line_end - text));
  if (answer->status < 0) return bad(why, "its status line is malformed");
  if (answer->status < 200) return bad(why, "it is an interim answer");
  long content_length;
  const char *wrong = read_fields(line_end + 2, blank + 2, &content_length);
  if (wrong != NULL) return bad(why, wrong);
  answer->body = blank + 4;
  size_t received = length - (size_t)(answer->body - text);
  if (answer->status == 204 && content_length < 0) content_length = 0;
  if (content_length < 0) return bad(why, "it has no Content-Length");
  answer->body_length = (size_t)content_length;
  if (received > answer->body_length) return bad(why, "its body is longer than its Content-Length");
  if (received == answer->body_length) return HTTP_COMPLETE;
  if (closed) return bad(why, "its body is shorter than its Content-Length");
  return HTTP_MORE;
}
