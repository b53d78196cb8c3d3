/*
 * The requests of which the reference builds its bridge and its endpoints: what src/endpoint/build sends, in C. Each
 * function writes into the batch of rtnetlink.h; addresses are in host byte order.
 */
#ifndef NETNSD_BENCH_REFERENCE_REQUESTS_H
#define NETNSD_BENCH_REFERENCE_REQUESTS_H

#include "rtnetlink.h"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/veth.h>
#include <net/if.h>

enum { MTU_BYTES = 1500, PREFIX_LENGTH = 16, LOOPBACK_INDEX = 1, ETH0_INDEX = 2 };
static const unsigned GATEWAY = 0x0ad50001; /* 10.213.0.1 */

/* Starts a change of an existing link, by index or, where that is 0, by name. */
static void begin_change(const char *name, int index, unsigned flags) {
  struct ifinfomsg body = {.ifi_index = index, .ifi_flags = flags, .ifi_change = flags};
  begin(RTM_NEWLINK, 0, &body, sizeof body);
  if (index == 0) put_string(IFLA_IFNAME, name);
}

static void change_flags(int index, unsigned flags) {
  begin_change(NULL, index, flags);
  end();
}

/* No link-local address, so no duplicate address detection and no router solicitation: ip link set … addrgenmode none */
static void put_no_ipv6_autoconfiguration(void) {
  unsigned char mode = IN6_ADDR_GEN_MODE_NONE;
  struct rtattr *families = open_nest(IFLA_AF_SPEC);
  struct rtattr *inet6 = open_nest(AF_INET6);
  put_attribute(IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
  close_nest(inet6);
  close_nest(families);
}

/* What both ends of a pair have in common. The MAC follows from the address, and the host's differs in one bit. */
static void put_end(const char *name, unsigned address, unsigned char first_byte) {
  unsigned char mac[6] = {first_byte, 0x58, (unsigned char)(address >> 24), (unsigned char)(address >> 16),
                          (unsigned char)(address >> 8), (unsigned char)address};
  put_string(IFLA_IFNAME, name);
  put_attribute(IFLA_ADDRESS, mac, sizeof mac);
  put_u32(IFLA_MTU, MTU_BYTES);
  put_u32(IFLA_NUM_TX_QUEUES, 1);
  put_u32(IFLA_NUM_RX_QUEUES, 1);
}

static void create_veth(const char *name, unsigned address, int namespace_fd) {
  struct ifinfomsg body = {0};
  /* The echo tells which index the link has got. */
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, &body, sizeof body);
  put_end(name, address, 0x0e);
  struct rtattr *info = open_nest(IFLA_LINKINFO);
  put_string(IFLA_INFO_KIND, "veth");
  struct rtattr *data = open_nest(IFLA_INFO_DATA);
  struct rtattr *peer = open_nest(VETH_INFO_PEER);
  put(&body, sizeof body);
  put_end("eth0", address, 0x0a);
  put_u32(IFLA_NET_NS_FD, (unsigned)namespace_fd);
  close_nest(peer);
  close_nest(data);
  close_nest(info);
  end();
}

static void create_address(int index, unsigned address) {
  struct ifaddrmsg body = {.ifa_family = AF_INET, .ifa_prefixlen = PREFIX_LENGTH, .ifa_index = (unsigned)index};
  begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_u32(IFA_LOCAL, htonl(address));
  put_u32(IFA_ADDRESS, htonl(address));
  put_u32(IFA_BROADCAST, htonl(address | (~0U >> PREFIX_LENGTH)));
  end();
}

static void create_default_route(void) {
  struct rtmsg body = {.rtm_family = AF_INET,
                       .rtm_table = RT_TABLE_MAIN,
                       .rtm_protocol = RTPROT_BOOT,
                       .rtm_scope = RT_SCOPE_UNIVERSE,
                       .rtm_type = RTN_UNICAST};
  begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_u32(RTA_GATEWAY, htonl(GATEWAY));
  put_u32(RTA_OIF, ETH0_INDEX);
  end();
}

/* The bridge answers ARP for what it knows, floods nothing to the port and learns nothing from it. */
static void make_port_quiet(int index) {
  struct ifinfomsg body = {.ifi_index = index};
  unsigned char off = 0, on = 1;
  begin(RTM_NEWLINK, 0, &body, sizeof body);
  struct rtattr *info = open_nest(IFLA_LINKINFO);
  put_string(IFLA_INFO_SLAVE_KIND, "bridge");
  struct rtattr *data = open_nest(IFLA_INFO_SLAVE_DATA);
  put_attribute(IFLA_BRPORT_LEARNING, &off, sizeof off);
  put_attribute(IFLA_BRPORT_PROXYARP, &on, sizeof on);
  put_attribute(IFLA_BRPORT_PROXYARP_WIFI, &on, sizeof on);
  close_nest(data);
  close_nest(info);
  end();
}

/* Makes the bridge know an endpoint: the port of its MAC (port > 0), or the MAC of its address. */
static void create_neighbour(int port, int bridge, unsigned address) {
  struct ndmsg body = {.ndm_family = port > 0 ? AF_BRIDGE : AF_INET,
                       .ndm_ifindex = port > 0 ? port : bridge,
                       .ndm_state = port > 0 ? NUD_NOARP : NUD_PERMANENT,
                       .ndm_flags = port > 0 ? NTF_MASTER : 0};
  unsigned char mac[6] = {0x0a, 0x58, (unsigned char)(address >> 24), (unsigned char)(address >> 16),
                          (unsigned char)(address >> 8), (unsigned char)address};
  begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
  if (port == 0) put_u32(NDA_DST, htonl(address));
  put_attribute(NDA_LLADDR, mac, sizeof mac);
  end();
}

/* Makes a bridge that is up and bears the gateway's address; returns its index. */
static int create_bridge(int host_socket, const char *name) {
  struct ifinfomsg body = {0};
  unsigned char mac[6] = {0x06, 0x58, 10, 213, 0, 1}, off = 0;
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_string(IFLA_IFNAME, name);
  put_attribute(IFLA_ADDRESS, mac, sizeof mac);
  put_u32(IFLA_MTU, MTU_BYTES);
  struct rtattr *info = open_nest(IFLA_LINKINFO);
  put_string(IFLA_INFO_KIND, "bridge");
  struct rtattr *data = open_nest(IFLA_INFO_DATA);
  put_u32(IFLA_BR_STP_STATE, 0);
  put_attribute(IFLA_BR_MCAST_SNOOPING, &off, sizeof off);
  close_nest(data);
  close_nest(info);
  end();
  begin_change(name, 0, 0);
  put_no_ipv6_autoconfiguration();
  end();
  send_batch(host_socket, "create bridge");
  int index = (int)if_nametoindex(name);
  if (index == 0) FAIL("find %s", name);
  change_flags(index, IFF_UP);
  create_address(index, GATEWAY);
  send_batch(host_socket, "configure bridge");
  return index;
}

#endif
