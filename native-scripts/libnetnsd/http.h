#ifndef NETNSD_HTTP_H
#define NETNSD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

/* Largest answer that is read, head and body. The daemon's are about 1 KiB. */
enum { HTTP_ANSWER_MAX = 65536, HTTP_HEAD_MAX = 8192 };

struct http_answer {
  int status;
  /* A slice of the text that was read, not ended by NUL. */
  const char *body;
  size_t body_length;
};

enum http_progress { HTTP_MORE, HTTP_COMPLETE, HTTP_BAD };

/*
 * Reads what has come so far of an answer to one request (RFC 9112). `closed`: nothing more will come. The body must be framed by one
 * Content-Length that holds: the daemon always sends it, so chunked or unframed bodies, interim answers and anything behind the body are
 * refused. `*why` is a constant text when it is HTTP_BAD.
 */
enum http_progress http_read(const char *text, size_t length, bool closed, struct http_answer *answer, const char **why);

#endif
