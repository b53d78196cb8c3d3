#include "daemon.h"

#include <stdio.h>
#include <string.h>

#include "conversation.h"
#include "json.h"
#include "offer.h"
#include "text.h"

/* A path of PATH_MAX bytes, each escaped, and the rest. */
enum { BODY_MAX = 32768, REQUEST_MAX = BODY_MAX + 16384 };

static bool add_member(struct text *body, const char *name, const char *value) {
  if (value[0] == '\0') return true;
  text_add(body, body->length == 0 ? "{" : ",");
  return text_add_json(body, name) && (text_add(body, ":"), text_add_json(body, value));
}

static bool write_body(struct text *body, const struct container *container) {
  bool written = add_member(body, "bundle", container->bundle) && add_member(body, "containerId", container->id) &&
                 add_member(body, "pool", container->pool) && add_member(body, "tenant", container->tenant);
  if (container->pid > 0) {
    char pid[32];
    snprintf(pid, sizeof pid, ",\"pid\":%ld", container->pid);
    text_add(body, pid);
  }
  text_add(body, "}");
  return written && !body->overflow;
}

static void write_head(struct text *request, const char *method, const struct container *container) {
  text_add(request, method);
  text_add(request, " HTTP/1.1\r\nHost: netnsd\r\nUser-Agent: netnsd-runc\r\nAccept: application/json\r\n");
  if (container->root[0] == '\0') return;
  text_add(request, "Netnsd-Runtime-Root: ");
  text_add_segment(request, container->root);
  text_add(request, "\r\n");
}

/* The problem document's `code` and `detail` (RFC 9457), or just the status. */
static void describe_problem(const struct http_answer *answer, struct reply *reply) {
  struct json root;
  struct json member;
  char code[64] = "";
  char detail[768] = "";
  if (json_parse(answer->body, answer->body_length, &root)) {
    if (json_get(root, "code", &member) == JSON_FOUND && !json_copy(member, code, sizeof code)) code[0] = '\0';
    if (json_get(root, "detail", &member) == JSON_FOUND && !json_copy(member, detail, sizeof detail)) detail[0] = '\0';
  }
  if (code[0] == '\0') {
    snprintf(reply->message, sizeof reply->message, "netnsd answered with status %d", answer->status);
  } else if (detail[0] == '\0') {
    snprintf(reply->message, sizeof reply->message, "netnsd refuses: %s", code);
  } else {
    snprintf(reply->message, sizeof reply->message, "netnsd refuses: %s (%s)", detail, code);
  }
}

static bool is_unseen(struct json root) {
  static char path[PATH_MAX];
  struct json lease;
  struct json netns;
  struct json value;
  uint64_t inode;
  return json_get(root, "lease", &lease) == JSON_FOUND && json_get(lease, "netns", &netns) == JSON_FOUND &&
         json_get(netns, "path", &value) == JSON_FOUND && json_copy(value, path, sizeof path) &&
         json_get(netns, "inode", &value) == JSON_FOUND && json_unsigned(value, &inode) && !netns_is_at(path, inode);
}

static enum verdict read_action(const struct http_answer *answer, struct reply *reply) {
  struct json root;
  struct json member;
  if (!json_parse(answer->body, answer->body_length, &root) || root.type != JSON_OBJECT) {
    snprintf(reply->message, sizeof reply->message, "netnsd gave an answer that cannot be used: it is not a JSON object");
    return VERDICT_FAILED;
  }
  reply->existing = json_get(root, "existing", &member) == JSON_FOUND && member.type != JSON_FALSE;
  if (json_get(root, "action", &member) == JSON_FOUND) {
    reply->unseen = json_is(member, "patched") && is_unseen(root);
    if (json_is(member, "patched") || json_is(member, "grafted")) return VERDICT_DONE;
    if (json_is(member, "passthrough")) return VERDICT_PASSTHROUGH;
  }
  snprintf(reply->message, sizeof reply->message, "netnsd gave an answer that cannot be used: its action is unknown");
  return VERDICT_FAILED;
}

static struct conversation talk = {.kept_fd = -1};

static enum verdict ask(const struct settings *settings, const struct text *request, struct reply *reply) {
  talk.socket_path = settings->socket;
  talk.deadline_ms = settings->deadline_ms;
  if (request->overflow) {
    snprintf(reply->message, sizeof reply->message, "the request to netnsd is too large");
    return VERDICT_REFUSED;
  }
  if (!converse(&talk, request->bytes, request->length)) {
    snprintf(reply->message, sizeof reply->message, "netnsd at %.500s %s", settings->socket, talk.why);
    return VERDICT_FAILED;
  }
  if (talk.answer.status == 204) return VERDICT_DONE;
  if (talk.answer.status == 200) return read_action(&talk.answer, reply);
  describe_problem(&talk.answer, reply);
  return talk.answer.status >= 400 && talk.answer.status < 500 ? VERDICT_REFUSED : VERDICT_FAILED;
}

static enum verdict post(const struct settings *settings, const char *method, const struct container *container,
                         struct reply *reply) {
  static char body_bytes[BODY_MAX];
  static char bytes[REQUEST_MAX];
  struct text body = text_in(body_bytes, sizeof body_bytes);
  struct text request = text_in(bytes, sizeof bytes);
  *reply = (struct reply){.existing = false};
  if (!write_body(&body, container)) {
    snprintf(reply->message, sizeof reply->message, "the bundle's path or the container's id is no valid UTF-8, or too long");
    return VERDICT_REFUSED;
  }
  write_head(&request, method, container);
  char framing[96];
  snprintf(framing, sizeof framing, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body.length);
  text_add(&request, framing);
  text_add_bytes(&request, body.bytes, body.length);
  return ask(settings, &request, reply);
}

enum verdict daemon_patch(const struct settings *settings, const struct container *container, struct reply *reply) {
  return post(settings, "POST /v1/oci/patch", container, reply);
}

enum verdict daemon_graft(const struct settings *settings, const struct container *container, struct reply *reply) {
  return post(settings, "POST /v1/oci/graft", container, reply);
}

enum verdict daemon_release(const struct settings *settings, const struct container *container, bool over, struct reply *reply) {
  char target_bytes[1024];
  static char bytes[REQUEST_MAX];
  struct text target = text_in(target_bytes, sizeof target_bytes);
  struct text request = text_in(bytes, sizeof bytes);
  *reply = (struct reply){.existing = false};
  text_add(&target, "DELETE /v1/containers/");
  text_add_segment(&target, container->id);
  text_add(&target, over ? "/lease?force=true" : "/lease");
  write_head(&request, target.bytes, container);
  text_add(&request, "\r\n");
  request.overflow = request.overflow || target.overflow;
  return ask(settings, &request, reply);
}
