/*
 * A CNI plugin that does nothing, for what a runtime itself costs: it says that the namespace has an interface with an address, which containerd
 * wants to hear.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value == NULL ? "" : value;
}

int main(void) {
  if (strcmp(variable("CNI_COMMAND"), "ADD") == 0)
    printf("{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"%s\",\"sandbox\":\"%s\"}],\"ips\":[{\"interface\":0,\"address\":\"192.0.2.1/32\"}]}\n",
           variable("CNI_IFNAME"), variable("CNI_NETNS"));
  return 0;
}
