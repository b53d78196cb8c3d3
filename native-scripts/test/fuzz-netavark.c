/* The parsers of netnsd-netavark, for fuzz.c. */
#include <string.h>

#include "exec.h"
#include "fuzz.h"
#include "names.h"
#include "status.h"

void fuzz_netavark(const char *text, size_t size) {
  static struct netavark_exec exec;
  static char bytes[65536];
  struct cni_failure failure;
  struct json root;
  struct json written;
  const enum cni_command commands[] = {CNI_ADD, CNI_DEL};
  for (size_t i = 0; i < 2; i++) {
    if (!netavark_exec_read(&exec, text, size, commands[i], "/run/netns/a", &failure)) continue;
    require(cni_is_name(exec.container_id) && cni_is_ifname(exec.ifname) && cni_is_name(exec.configuration.name));
    require(exec.configuration.socket[0] == '/' && is_tenant_name(exec.configuration.tenant));
    require(exec.configuration.pool[0] == '\0' || is_plain_name(exec.configuration.pool));
  }
  if (!json_parse(text, size, &root)) return;
  struct text network = text_in(bytes, sizeof bytes);
  if (netavark_network_add(&network, root)) require(json_parse(bytes, network.length, &written) && written.type == JSON_OBJECT);
  struct text status = text_in(bytes, sizeof bytes);
  if (netavark_status_add(&status, "eth0", root)) require(json_parse(bytes, status.length, &written) && written.type == JSON_OBJECT);
}
