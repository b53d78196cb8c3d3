#include "interface.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool ask(int fd, struct ifreq *request, const char *name, unsigned long what) {
  memset(request, 0, sizeof *request);
  snprintf(request->ifr_name, sizeof request->ifr_name, "%s", name);
  return ioctl(fd, (int)what, request) == 0;
}

static bool read_by(int fd, struct cni_interface *interface, const char *name) {
  struct ifreq request;
  if (!ask(fd, &request, name, SIOCGIFINDEX)) return false;
  interface->index = (unsigned)request.ifr_ifindex;
  if (!ask(fd, &request, name, SIOCGIFFLAGS)) return false;
  interface->up = (request.ifr_flags & IFF_UP) != 0;
  interface->running = (request.ifr_flags & IFF_RUNNING) != 0;
  if (!ask(fd, &request, name, SIOCGIFHWADDR)) return false;
  const unsigned char *octets = (const unsigned char *)request.ifr_hwaddr.sa_data;
  snprintf(interface->mac, sizeof interface->mac, "%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1], octets[2], octets[3], octets[4],
           octets[5]);
  return true;
}

bool cni_interface_read(struct cni_interface *interface, const char *name) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  bool found = read_by(fd, interface, name);
  close(fd);
  return found;
}

/* The address's bytes, and how many; NULL: of another family. */
static const void *bytes_of(const struct sockaddr *address, size_t *size) {
  if (address == NULL) return NULL;
  *size = address->sa_family == AF_INET ? 4 : 16;
  if (address->sa_family == AF_INET) return &((const struct sockaddr_in *)(const void *)address)->sin_addr;
  return address->sa_family == AF_INET6 ? &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr : NULL;
}

static int prefix_length_of(const struct sockaddr *mask) {
  size_t size = 0;
  const unsigned char *bytes = bytes_of(mask, &size);
  int length = 0;
  for (size_t i = 0; bytes != NULL && i < size; i++)
    for (unsigned char bits = bytes[i]; bits != 0; bits = (unsigned char)(bits << 1)) length++;
  return length;
}

/* Splits `ADDRESS/LENGTH`; the size of the address, or 0 if it is none. */
static size_t parse(const char *text, unsigned char bytes[16], int *prefix_length) {
  char address[INET6_ADDRSTRLEN];
  const char *slash = strchr(text, '/');
  if (slash == NULL || (size_t)(slash - text) >= sizeof address) return 0;
  memcpy(address, text, (size_t)(slash - text));
  address[slash - text] = '\0';
  *prefix_length = atoi(slash + 1);
  bool four = strchr(address, ':') == NULL;
  return inet_pton(four ? AF_INET : AF_INET6, address, bytes) != 1 ? 0 : four ? 4 : 16;
}

bool cni_interface_has(const char *name, const char *address) {
  unsigned char wanted[16];
  int prefix_length;
  size_t wanted_size = parse(address, wanted, &prefix_length);
  struct ifaddrs *all;
  bool found = false;
  if (wanted_size == 0 || getifaddrs(&all) != 0) return false;
  for (const struct ifaddrs *one = all; one != NULL && !found; one = one->ifa_next) {
    size_t size = 0;
    const void *bytes = bytes_of(one->ifa_addr, &size);
    found = bytes != NULL && strcmp(one->ifa_name, name) == 0 && size == wanted_size && memcmp(bytes, wanted, size) == 0 &&
            prefix_length_of(one->ifa_netmask) == prefix_length;
  }
  freeifaddrs(all);
  return found;
}

bool cni_has_route(const char *destination) {
  unsigned char wanted[16];
  int prefix_length;
  char line[256];
  bool found = false;
  if (parse(destination, wanted, &prefix_length) != 4) return false;
  FILE *table = fopen("/proc/self/net/route", "re");
  if (table == NULL) return false;
  while (!found && fgets(line, sizeof line, table) != NULL) {
    unsigned network;
    unsigned mask;
    /* Iface Destination Gateway Flags RefCnt Use Metric Mask: addresses as the machine has them in memory. */
    if (sscanf(line, "%*s %x %*x %*x %*d %*d %*d %x", &network, &mask) != 2) continue;
    found = memcmp(&network, wanted, 4) == 0 && __builtin_popcount(mask) == prefix_length;
  }
  fclose(table);
  return found;
}
