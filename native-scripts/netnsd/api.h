#ifndef NETNSD_API_H
#define NETNSD_API_H

#include <stdbool.h>

#include "json.h"
#include "text.h"

/* How long an answer may take beyond what is waited for, and how long a daemon that is not there is tried, in milliseconds. */
enum { ANSWER_MS = 30000, REACH_MS = 10000 };

struct request {
  const char *method;
  const char *target;
  /* A JSON text; NULL: none. */
  const char *body;
  int wait_ms;
  /* Sent twice it would do something else than sent once. */
  bool once;
};

/* What became of a request: a body that is JSON, or an error as src/errors.ts has it. */
struct outcome {
  bool done;
  /* Empty object where the answer has no body. */
  struct json body;
  char code[64];
  char message[1024];
};

/* Asks the daemon on this socket. The body lies in a buffer that the next request uses again. */
void api_ask(const char *socket_path, const struct request *request, struct outcome *outcome);

/* Prints the error as a line on stderr; the exit status. */
int report_outcome(const char *code, const char *message);

/* Adds `,"NAME":` and a JSON string, unless it is NULL; false if it is no UTF-8. */
bool add_text_member(struct text *body, const char *name, const char *value);

/* The same for a number, as its digits stand on the command line. */
void add_number_member(struct text *body, const char *name, const char *digits);

#endif
