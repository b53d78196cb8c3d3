#include "listeners.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* proc_net(5): TCP_LISTEN, and TCP_CLOSE, which is a UDP socket without a peer. */
enum { LISTENING = 0x0a, UNCONNECTED = 0x07, LINE_MAX_SIZE = 512 };

static bool hears(const unsigned char *address, bool six, const struct cni_port *port) {
  static const unsigned char nothing[16];
  static const unsigned char loopback[16] = {[15] = 1};
  static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
  bool is_mapped = six && memcmp(address, mapped, sizeof mapped) == 0;
  /* A socket of :: hears IPv4 as well, unless it says otherwise, which cannot be seen. */
  if (six && memcmp(address, nothing, 16) == 0) return true;
  bool of_six = six && !is_mapped;
  if (port->family != CNI_BOTH && (port->family == CNI_IPV6) != of_six) return false;
  /* Ports never lead away from ::1. */
  if (of_six && memcmp(address, loopback, sizeof loopback) == 0) return false;
  if (cni_port_is_of_any_address(port) || (!six && memcmp(address, nothing, 4) == 0)) return true;
  return memcmp(address + (is_mapped ? sizeof mapped : 0), port->host_ip, of_six ? 16 : 4) == 0;
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

const struct cni_port *cni_port_heard_by_sctp(const char *line, const struct cni_ports *ports) {
  unsigned state;
  unsigned number;
  int end = 0;
  /* ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS */
  if (sscanf(line, " %*s %*s %*u %u %*u %u %*u %*u %n", &state, &number, &end) != 2 || end == 0 || state != LISTENING) return NULL;
  char list[LINE_MAX_SIZE];
  snprintf(list, sizeof list, "%s", line + end);
  char *rest = list;
  for (char *text; (text = strsep(&rest, " \n")) != NULL;) {
    unsigned char address[CNI_ADDRESS_SIZE];
    bool six = strchr(text, ':') != NULL;
    if (inet_pton(six ? AF_INET6 : AF_INET, text, address) != 1) continue;
    for (size_t i = 0; i < ports->count; i++) {
      const struct cni_port *port = &ports->list[i];
      if (port->protocol == CNI_SCTP && port->host_port == number && hears(address, six, port)) return port;
    }
  }
  return NULL;
}

/* Where the kernel lists sockets, and of what. */
static const struct table {
  const char *path;
  uint8_t protocol;
  bool six;
} tables[] = {{"/proc/self/net/tcp", CNI_TCP, false},
              {"/proc/self/net/udp", CNI_UDP, false},
              {"/proc/self/net/tcp6", CNI_TCP, true},
              {"/proc/self/net/udp6", CNI_UDP, true},
              {"/proc/self/net/sctp/eps", CNI_SCTP, false}};

static const struct cni_port *find(const struct table *table, const struct cni_ports *ports) {
  char line[LINE_MAX_SIZE];
  const struct cni_port *heard = NULL;
  FILE *file = fopen(table->path, "re");
  /* A kernel without IPv6, or without SCTP, has no such table. */
  if (file == NULL) return NULL;
  while (heard == NULL && fgets(line, sizeof line, file) != NULL)
    heard = table->protocol == CNI_SCTP ? cni_port_heard_by_sctp(line, ports) : cni_port_heard(line, table->six, table->protocol, ports);
  fclose(file);
  return heard;
}

bool cni_ports_are_free(const struct cni_ports *ports, struct cni_failure *failure) {
  char text[CNI_PORT_TEXT_SIZE];
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    const struct cni_port *heard = find(&tables[i], ports);
    if (heard == NULL) continue;
    cni_port_text(text, heard);
    return cni_fail(failure, CNI_PORT_TAKEN, "a socket of the host listens at %s, which the pod wants: see `ss -lntuSp`; choose another port", text);
  }
  return true;
}
