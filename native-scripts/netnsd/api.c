#include "api.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conversation.h"
#include "printable.h"

static struct conversation talk = {.kept_fd = -1};

static void fail(struct outcome *outcome, const char *code, const char *message) {
  snprintf(outcome->code, sizeof outcome->code, "%s", code);
  snprintf(outcome->message, sizeof outcome->message, "%s", message);
}

/* The texts of src/client/failure.ts. */
static void describe_failure(const char *socket_path, int deadline_ms, struct outcome *outcome) {
  char message[1024];
  const char *code = "daemon_unreachable";
  switch (talk.error) {
    case ENOENT:
    case ENOTDIR:
      snprintf(message, sizeof message,
               "the socket %s does not exist: start the daemon with `netnsd serve`, or give its socket with --socket", socket_path);
      break;
    case ECONNREFUSED:
      snprintf(message, sizeof message, "no daemon listens on %s: start it with `netnsd serve`", socket_path);
      break;
    case EACCES:
      snprintf(message, sizeof message, "permission denied on %s: run as root, or as a member of the socket's group",
               socket_path);
      break;
    case ETIMEDOUT:
      code = "deadline_exceeded";
      snprintf(message, sizeof message, "the daemon on %s did not answer within %d ms", socket_path, deadline_ms);
      break;
    case 0:
      snprintf(message, sizeof message, "the connection to %s failed: %s", socket_path, talk.broken ? "socket hang up" : talk.why);
      break;
    default: snprintf(message, sizeof message, "the connection to %s failed: %s", socket_path, strerror(talk.error)); break;
  }
  fail(outcome, code, message);
}

static bool copy_member(struct json root, const char *name, char *buffer, size_t size) {
  struct json value;
  return json_get(root, name, &value) == JSON_FOUND && json_copy(value, buffer, size);
}

/* A problem document (RFC 9457), as src/client/failure.ts reads it. */
static void describe_problem(struct outcome *outcome) {
  struct json root;
  bool parsed = json_parse(talk.answer.body, talk.answer.body_length, &root);
  if (parsed && copy_member(root, "detail", outcome->message, sizeof outcome->message)) {
    if (!copy_member(root, "code", outcome->code, sizeof outcome->code)) strcpy(outcome->code, "internal");
    return;
  }
  char message[96];
  snprintf(message, sizeof message, "the daemon answered with status %d and without a problem document", talk.answer.status);
  fail(outcome, "internal", message);
}

void api_ask(const char *socket_path, const struct request *request, struct outcome *outcome) {
  static char bytes[32768];
  struct text text = text_in(bytes, sizeof bytes);
  *outcome = (struct outcome){.body = {.type = JSON_NULL}};
  text_addf(&text, "%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: netnsd\r\n", request->method, request->target);
  if (request->body != NULL)
    text_addf(&text, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(request->body), request->body);
  else
    text_add(&text, "\r\n");
  talk.socket_path = socket_path;
  talk.deadline_ms = ANSWER_MS + request->wait_ms;
  talk.reach_ms = REACH_MS;
  talk.once = request->once;
  if (text.overflow) {
    fail(outcome, "bad_request", "the request is too large");
  } else if (!converse(&talk, text.bytes, text.length)) {
    describe_failure(socket_path, talk.deadline_ms, outcome);
  } else if (talk.answer.status >= 300) {
    describe_problem(outcome);
  } else if (talk.answer.body_length > 0 && !json_parse(talk.answer.body, talk.answer.body_length, &outcome->body)) {
    fail(outcome, "internal", "the daemon sent a response that is not JSON");
  } else {
    outcome->done = true;
  }
}

/* A line break, with the blanks around it, becomes one blank. */
static void add_on_one_line(struct text *line, const char *message) {
  static const char blanks[] = " \t\r\n";
  for (const char *newline; (newline = strchr(message, '\n')) != NULL;) {
    size_t length = (size_t)(newline - message);
    while (length > 0 && strchr(blanks, message[length - 1]) != NULL) length--;
    add_printable(line, message, length);
    text_add(line, " ");
    message = newline + strspn(newline, blanks);
  }
  add_printable(line, message, strlen(message));
}

int report_outcome(const char *code, const char *message) {
  char bytes[8192];
  struct text line = text_in(bytes, sizeof bytes);
  text_add(&line, "netnsd: ");
  add_on_one_line(&line, message);
  text_add(&line, "\n");
  if (write(STDERR_FILENO, line.bytes, line.length) < 0) return 1;
  return strcmp(code, "bad_request") == 0 || strcmp(code, "bad_usage") == 0 ? 2 : 1;
}

bool add_text_member(struct text *body, const char *name, const char *value) {
  if (value == NULL) return true;
  text_addf(body, "%s\"%s\":", body->length > 1 ? "," : "", name);
  return text_add_json(body, value);
}

/* JSON has no leading zeros. */
void add_number_member(struct text *body, const char *name, const char *digits) {
  if (digits == NULL) return;
  while (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') digits++;
  text_addf(body, "%s\"%s\":%s", body->length > 1 ? "," : "", name, digits);
}
