/*
 * frames INTERFACE: an end of the wire for tests. Each line of standard input is a frame in hexadecimal digits, and is sent by the
 * interface as it is; "sent" is printed when that is done. Each frame that arrives there, with any destination, is printed as
 * hexadecimal digits, with the VLAN tag that it came with.
 *
 * It stays on one processor, and so do its frames: what it sends arrives in the order in which it was sent, and before what another
 * one of these programs sends after "sent".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONGEST = 65536 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_interface(const char *name) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
  if (fd < 0) fail("socket");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
  if (address.sll_ifindex == 0) fail(name);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  struct packet_mreq everything = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything, sizeof everything) < 0) fail("promiscuous");
  int on = 1;
  if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0) fail("auxiliary data");
  return fd;
}

static void send_line(int fd, const char *line) {
  static unsigned char frame[LONGEST];
  size_t length = 0;
  unsigned byte;
  while (length < sizeof frame && sscanf(line + 2 * length, "%2x", &byte) == 1) frame[length++] = (unsigned char)byte;
  if (send(fd, frame, length, 0) < 0) fail("send");
  puts("sent");
}

static void print_bytes(const unsigned char *bytes, size_t length) {
  for (size_t at = 0; at < length; at += 1) printf("%02x", bytes[at]);
}

static void receive(int fd) {
  static unsigned char frame[LONGEST];
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
  } control;
  struct sockaddr_ll from;
  struct iovec part = {.iov_base = frame, .iov_len = sizeof frame};
  struct msghdr message = {
      .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == ENETDOWN)) return;
  if (length < 0) fail("receive");
  if (from.sll_pkttype == PACKET_OUTGOING || length < ETH_HLEN) return;
  print_bytes(frame, 2 * ETH_ALEN);
  for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one != NULL; one = CMSG_NXTHDR(&message, one)) {
    struct tpacket_auxdata data;
    if (one->cmsg_level != SOL_PACKET || one->cmsg_type != PACKET_AUXDATA) continue;
    memcpy(&data, CMSG_DATA(one), sizeof data);
    if (data.tp_status & TP_STATUS_VLAN_VALID) printf("%04x%04x", data.tp_vlan_tpid, data.tp_vlan_tci);
  }
  print_bytes(frame + 2 * ETH_ALEN, (size_t)length - 2 * ETH_ALEN);
  putchar('\n');
}

static void stay_on_first_processor(void) {
  cpu_set_t allowed, first;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) fail("sched_getaffinity");
  int number = 0;
  while (!CPU_ISSET(number, &allowed)) number += 1;
  CPU_ZERO(&first);
  CPU_SET(number, &first);
  if (sched_setaffinity(0, sizeof first, &first) < 0) fail("sched_setaffinity");
}

int main(int argc, char **argv) {
  static char line[2 * LONGEST + 2];
  if (argc != 2) return 2;
  stay_on_first_processor();
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0);
  int fd = open_interface(argv[1]);
  puts("ready");
  struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  while (poll(both, 2, -1) >= 0 || errno == EINTR) {
    if (both[0].revents) receive(fd);
    if (both[1].revents == 0) continue;
    if (fgets(line, sizeof line, stdin) == NULL) return 0;
    send_line(fd, line);
  }
  fail("poll");
}
