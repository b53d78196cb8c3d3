/**
 * Ways of leaving something behind, by a tenant with every capability inside its namespace. `commands` run inside it with
 * the tools that tenants have; `kinds` are the reasons for replacement that fit.
 */
export interface Way {
  readonly title: string;
  readonly commands: readonly string[];
  readonly kinds: readonly string[];
}

const way = (title: string, kinds: string | readonly string[], ...commands: string[]): Way => ({
  title,
  commands,
  kinds: typeof kinds === 'string' ? [kinds] : kinds,
});

const LINK_WAYS = [
  way('a veth pair of its own', 'links', 'ip link add v0 type veth peer name v1'),
  way('an extra veth whose other end it keeps', 'links', 'ip link add v0 type veth peer name kept netns 1'),
  way('eth0 under another name', 'links', 'ip link set eth0 name eth7'),
  way('eth0 moved away', 'links', 'ip link set eth0 name moved0 netns 1'),
  way('eth0 deleted', 'host link', 'ip link delete eth0'),
  way(
    'a veth in the place of eth0',
    ['links', 'host link'],
    'ip link delete eth0',
    'ip link add eth0 type veth peer name p0',
  ),
  way('a macvlan on eth0', 'links', 'ip link add mv0 link eth0 type macvlan'),
  way('a tun device', 'links', 'ip tuntap add tun0 mode tun'),
  way('a tap device', 'links', 'ip tuntap add tap0 mode tap'),
  way('a bridge', 'links', 'ip link add br0 type bridge'),
  way('a vxlan tunnel', 'links', 'ip link add vx0 type vxlan id 7 dev eth0 dstport 4789'),
  way('another MTU', 'links', 'ip link set eth0 mtu 1400'),
  way('another MAC', 'links', 'ip link set eth0 address 02:00:00:00:00:07'),
  way('another transmit queue length', 'links', 'ip link set eth0 txqueuelen 77'),
  way('a link group', 'links', 'ip link set eth0 group 7'),
  way('an alternative name', 'links', 'ip link property add dev eth0 altname other0'),
  way('an alias', 'links', 'ip link set eth0 alias mine'),
  way('promiscuous mode', 'links', 'ip link set eth0 promisc on'),
  way('all-multicast mode', 'links', 'ip link set eth0 allmulticast on'),
  way('no ARP', 'links', 'ip link set eth0 arp off'),
  way('lo down', ['links', 'addresses', 'routes'], 'ip link set lo down'),
  way('eth0 down', ['links', 'routes'], 'ip link set eth0 down'),
  way(
    'a multicast MAC',
    ['forwarding entries', 'link multicast addresses'],
    'ip maddress add 33:33:00:00:12:34 dev eth0',
  ),
  way('a link feature off', 'link features', 'ethtool -K eth0 tso off'),
] as const;

const ADDRESS_WAYS = [
  way('another address', 'addresses', 'ip address add 192.0.2.7/32 dev eth0'),
  way('its own address gone', ['addresses', 'routes'], 'ip address flush dev eth0'),
  way('its own address at another scope', ['addresses', 'routes'], 'ip address change 10.213.0.2/32 dev eth0'),
  way('an address on lo', 'addresses', 'ip address add 127.0.0.7/8 dev lo'),
  way('an IPv6 address', ['links', 'addresses'], 'ip -6 address add fd00::7/64 dev eth0 nodad'),
  way('a multicast group joined for good', 'addresses', 'ip address add 224.1.2.3/32 dev eth0 autojoin'),
  way('a route', 'routes', 'ip route add 198.51.100.0/24 dev eth0'),
  way('the default route gone', 'routes', 'ip route delete default'),
  way('a blackhole', 'routes', 'ip route add blackhole 203.0.113.0/24'),
  way('a route in a table of its own', 'routes', 'ip route add default dev eth0 table 77'),
  way('an IPv6 route', 'routes', 'ip -6 route add fd01::/64 dev lo'),
  way('a policy rule', 'rules', 'ip rule add pref 7 table 77'),
  way('an IPv6 policy rule', 'rules', 'ip -6 rule add pref 7 table 77'),
  way('a nexthop', 'nexthops', 'ip nexthop add id 7 dev eth0'),
  way('a static neighbour', 'neighbours', 'ip neighbour add 10.213.0.77 lladdr 02:00:00:00:00:77 dev eth0'),
  way('a proxy neighbour', 'proxy neighbours', 'ip neighbour add proxy 10.213.0.78 dev eth0'),
  way('an address label', 'address labels', 'ip addrlabel add prefix fd00::/64 label 7'),
  way('an MPTCP endpoint', 'MPTCP endpoints', 'ip mptcp endpoint add 10.213.0.2 signal'),
  way('MPTCP limits', 'MPTCP limits', 'ip mptcp limits set subflows 5'),
  way('an IOAM namespace', 'IOAM namespaces', 'ip ioam namespace add 7'),
  way('a segment routing source', 'segment routing source', 'ip sr tunsrc set fd00::1'),
] as const;

const FILTER_WAYS = [
  way('a qdisc', ['links', 'qdiscs'], 'tc qdisc replace dev eth0 root pfifo limit 7'),
  way('a qdisc on lo', ['links', 'qdiscs'], 'tc qdisc add dev lo root pfifo limit 7'),
  way(
    'a BPF classifier',
    ['links', 'qdiscs'],
    'tc qdisc add dev eth0 clsact',
    "tc filter add dev eth0 egress bpf bytecode '1,6 0 0 0,'",
  ),
  way('an nftables table', 'nftables tables', 'nft add table inet mine'),
  way(
    'an nftables table come and gone',
    'nftables generation',
    'nft add table inet mine',
    'nft delete table inet mine',
  ),
  way('a bridge family table', 'nftables tables', 'nft add table bridge mine'),
  way('a legacy iptables table', 'legacy iptables tables', 'iptables-legacy -t nat -L'),
  way('legacy iptables rules', 'legacy iptables tables', 'iptables-legacy -A INPUT -j DROP'),
  way(
    'a tracked connection',
    'conntrack entries',
    'conntrack -I -s 10.0.0.1 -d 10.0.0.2 -p udp --sport 7 --dport 8 -t 600',
  ),
  way('an xfrm policy', 'xfrm policies', 'ip xfrm policy add src 192.0.2.1 dst 192.0.2.2 dir out'),
  way(
    'an xfrm state',
    'xfrm states',
    'ip xfrm state allocspi src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel min 7 max 7',
  ),
  way('an xfrm default policy', 'xfrm default policy', 'ip xfrm policy setdefault in block'),
  // Where writes were not counted, such as before a restart, what else tells of the value is read first.
  way('a sysctl', ['sysctls', 'links'], 'sysctl -w net.ipv4.ip_forward=1'),
  way(
    'a sysctl written and written back',
    'sysctls',
    'sysctl -w net.ipv4.ip_default_ttl=7',
    'sysctl -w net.ipv4.ip_default_ttl=64',
  ),
  way('a sysctl of eth0', ['sysctls', 'links'], 'sysctl -w net.ipv4.conf.eth0.rp_filter=1'),
  way('a neighbour sysctl', ['sysctls', 'neighbour tables'], 'sysctl -w net.ipv4.neigh.eth0.gc_stale_time=7'),
  way('a port range', 'sysctls', "sysctl -w 'net.ipv4.ip_local_port_range=40000 40010'"),
  way('a TCP congestion control', 'sysctls', 'sysctl -w net.ipv4.tcp_congestion_control=reno'),
] as const;

/** What ordinary traffic leaves is emptied, and is no reason to replace anything. */
export const HARMLESS_WAYS = [
  way('a ping', [], 'busybox ping -c1 -W1 10.213.0.1'),
  way('a datagram to nowhere', [], 'echo x | busybox nc -u -w1 10.213.0.99 7 || true'),
  way('a page from the host', [], 'busybox wget -q -T 2 -O /dev/null http://10.213.0.1:7001/ || true'),
  way('sockets that were closed', [], 'ip -j address', 'ss -a'),
] as const;

export const WAYS: readonly Way[] = [...LINK_WAYS, ...ADDRESS_WAYS, ...FILTER_WAYS];

/** What has no notification and costs too much to ask for at each release takes a capability that sealed containers lack. */
const UNHEARD = [
  'proxy neighbours',
  'address labels',
  'MPTCP endpoints',
  'MPTCP limits',
  'IOAM namespaces',
  'segment routing source',
  'conntrack entries',
  'legacy iptables tables',
  'link features',
  'link multicast addresses',
];
/** Those that a seal hears of, or asks for. */
export const HEARD_WAYS = WAYS.filter(({ kinds }) => !UNHEARD.includes(kinds.at(-1) ?? ''));
