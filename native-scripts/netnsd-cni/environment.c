#include "environment.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const commands[] = {"ADD", "DEL", "CHECK", "STATUS", "GC", "VERSION"};

bool cni_is_ifname(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return false;
  for (const char *at = name; *at != '\0'; at++)
    if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7f || strchr("/:\"\\%", *at) != NULL) return false;
  return true;
}

bool cni_is_name(const char *name) {
  static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.-";
  size_t length = strlen(name);
  return length > 0 && length <= CNI_NAME_MAX && strchr("_.-", name[0]) == NULL && name[strspn(name, letters)] == '\0';
}

bool cni_key(char key[SHELF_KEY_MAX + 1], const char *container_id, const char *network, const char *ifname) {
  char root[CNI_NAME_MAX + IFNAMSIZ + 8];
  snprintf(root, sizeof root, "/cni/%.255s/%.15s", network, ifname);
  return cni_is_name(container_id) && shelf_key(key, container_id, root);
}

/* One `NAME=VALUE` of CNI_ARGS. */
struct argument {
  const char *name;
  size_t name_length;
  const char *value;
  size_t value_length;
};

static bool is_named(const struct argument *argument, const char *name) {
  return argument->name_length == strlen(name) && memcmp(argument->name, name, argument->name_length) == 0;
}

static bool is_flagged(const struct argument *argument) {
  return (argument->value_length == 1 && argument->value[0] == '1') ||
         (argument->value_length == 4 && strncasecmp(argument->value, "true", 4) == 0);
}

/* The next one, `*at` moved behind it. 0 at the end, -1 if it is none. */
static int next_argument(const char **at, struct argument *argument) {
  if (**at == '\0') return 0;
  size_t length = strcspn(*at, ";");
  const char *equals = memchr(*at, '=', length);
  if (equals == NULL || equals == *at) return -1;
  *argument = (struct argument){.name = *at, .name_length = (size_t)(equals - *at), .value = equals + 1};
  argument->value_length = length - argument->name_length - 1;
  *at += length + ((*at)[length] == ';');
  return 1;
}

static bool read_argument(struct cni_environment *environment, const struct argument *argument, struct argument *unknown,
                          struct cni_failure *failure) {
  static const char *const refused[] = {"IP", "MAC", "GATEWAY"};
  if (is_named(argument, "K8S_POD_NAMESPACE")) {
    if (argument->value_length >= sizeof environment->pod_namespace)
      return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "K8S_POD_NAMESPACE of CNI_ARGS is longer than 64 characters");
    memcpy(environment->pod_namespace, argument->value, argument->value_length);
    environment->pod_namespace[argument->value_length] = '\0';
    return true;
  }
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    if (is_named(argument, refused[i]))
      return cni_fail(failure, CNI_UNSUPPORTED_FIELD, "%s of CNI_ARGS: netnsd chooses addresses before there is a container; take it out",
                      refused[i]);
  bool known = argument->name_length > 4 && memcmp(argument->name, "K8S_", 4) == 0;
  if (!known && unknown->name == NULL) *unknown = *argument;
  return true;
}

/* `A=B;C=D`, as libcni's types.LoadArgs reads them: what is not known is refused unless IgnoreUnknown is true. */
static bool read_arguments(struct cni_environment *environment, const char *text, struct cni_failure *failure) {
  struct argument argument;
  struct argument unknown = {.name = NULL};
  bool ignore = false;
  int found;
  while ((found = next_argument(&text, &argument)) > 0) {
    if (is_named(&argument, "IgnoreUnknown"))
      ignore = is_flagged(&argument);
    else if (!read_argument(environment, &argument, &unknown, failure))
      return false;
  }
  if (found < 0) return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_ARGS is no list of NAME=VALUE with semicolons between");
  if (unknown.name == NULL || ignore) return true;
  return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_ARGS: %.*s is unknown to netnsd-cni; IgnoreUnknown=1 has it passed over",
                  unknown.name_length > 64 ? 64 : (int)unknown.name_length, unknown.name);
}

static bool read_command(struct cni_environment *environment, const char *name, struct cni_failure *failure) {
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(name, commands[i]) != 0) continue;
    environment->command = (enum cni_command)i;
    return true;
  }
  return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_COMMAND must be ADD, DEL, CHECK, STATUS, GC or VERSION, not \"%.32s\"", name);
}

static bool read_attachment(struct cni_environment *environment, struct cni_failure *failure) {
  bool optional = environment->command == CNI_DEL;
  if (environment->container_id[0] == '\0') return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_CONTAINERID is missing");
  if (!cni_is_name(environment->container_id))
    return cni_fail(failure, CNI_INVALID_ENVIRONMENT,
                    "CNI_CONTAINERID \"%.64s\" is no container id: letters, digits and _.- behind a letter or a digit",
                    environment->container_id);
  if (environment->ifname[0] == '\0') return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_IFNAME is missing");
  if (!cni_is_ifname(environment->ifname))
    return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_IFNAME \"%.64s\" is no interface name", environment->ifname);
  if (environment->netns[0] == '\0' && !optional) return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_NETNS is missing");
  if (environment->netns[0] != '\0' && (environment->netns[0] != '/' || strlen(environment->netns) >= PATH_MAX))
    return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_NETNS must be an absolute path of less than %d bytes", PATH_MAX);
  return true;
}

static const char *text_of(const char *value) { return value == NULL ? "" : value; }

bool cni_environment_read(struct cni_environment *environment, const char *(*get)(const char *name), struct cni_failure *failure) {
  *environment = (struct cni_environment){.container_id = "", .netns = "", .ifname = ""};
  if (!read_command(environment, text_of(get("CNI_COMMAND")), failure)) return false;
  if (environment->command > CNI_CHECK) return true;
  environment->container_id = text_of(get("CNI_CONTAINERID"));
  environment->netns = text_of(get("CNI_NETNS"));
  environment->ifname = text_of(get("CNI_IFNAME"));
  if (!read_attachment(environment, failure)) return false;
  /* What ADD refused was never attached: its DEL succeeds. */
  return environment->command == CNI_DEL || read_arguments(environment, text_of(get("CNI_ARGS")), failure);
}
