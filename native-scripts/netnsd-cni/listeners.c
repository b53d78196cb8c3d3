#include "listeners.h"

#include <stdio.h>
#include <string.h>

/* proc_net(5): TCP_LISTEN, and TCP_CLOSE, which is a UDP socket without a peer. */
enum { LISTENING = 0x0a, UNCONNECTED = 0x07, LINE_MAX_SIZE = 512 };

static bool hears(const unsigned char *address, bool six, const struct cni_port *port) {
  static const unsigned char nothing[16];
  static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
  if (memcmp(address, nothing, six ? 16 : 4) == 0) return true;
  if (six && memcmp(address, mapped, sizeof mapped) != 0) return false;
  return cni_port_is_of_any_address(port) || memcmp(address + (six ? sizeof mapped : 0), port->host_ip, 4) == 0;
}

/* Each four bytes of an address stand there as one number of this machine. */
static bool read_address(const char *text, bool six, unsigned char address[16]) {
  for (int i = 0; i < (six ? 4 : 1); i++) {
    uint32_t word;
    if (sscanf(text + (size_t)i * 8, "%8x", &word) != 1) return false;
    memcpy(address + (size_t)i * 4, &word, sizeof word);
  }
  return true;
}

const struct cni_port *cni_port_heard(const char *line, bool six, uint8_t protocol, const struct cni_ports *ports) {
  char local[40];
  unsigned char address[16];
  unsigned number;
  unsigned state;
  /* sl local_address rem_address st */
  if (sscanf(line, " %*[0-9]: %32[0-9A-F]:%4x %*[0-9A-F]:%*x %2x", local, &number, &state) != 3) return NULL;
  if (state != (protocol == CNI_TCP ? LISTENING : UNCONNECTED) || strlen(local) != (six ? 32 : 8)) return NULL;
  if (!read_address(local, six, address)) return NULL;
  for (size_t i = 0; i < ports->count; i++) {
    const struct cni_port *port = &ports->list[i];
    if (port->protocol == protocol && port->host_port == number && hears(address, six, port)) return port;
  }
  return NULL;
}

static const struct cni_port *find(const char *path, bool six, uint8_t protocol, const struct cni_ports *ports) {
  char line[LINE_MAX_SIZE];
  const struct cni_port *heard = NULL;
  FILE *table = fopen(path, "re");
  /* A kernel without IPv6 has no such table. */
  if (table == NULL) return NULL;
  while (heard == NULL && fgets(line, sizeof line, table) != NULL) heard = cni_port_heard(line, six, protocol, ports);
  fclose(table);
  return heard;
}

bool cni_ports_are_free(const struct cni_ports *ports, struct cni_failure *failure) {
  static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/udp", "/proc/self/net/tcp6", "/proc/self/net/udp6"};
  char text[CNI_PORT_TEXT_SIZE];
  for (int i = 0; i < 4; i++) {
    const struct cni_port *heard = find(tables[i], i >= 2, i % 2 == 0 ? CNI_TCP : CNI_UDP, ports);
    if (heard == NULL) continue;
    cni_port_text(text, heard);
    return cni_fail(failure, CNI_PORT_TAKEN, "a socket of the host listens at %s, which the pod wants: see `ss -lntup`; choose another port", text);
  }
  return true;
}
