import * as daemon from './checks/daemon.js';
import * as firewall from './checks/firewall.js';
import * as kernel from './checks/kernel.js';
import * as limits from './checks/limits.js';
import * as managers from './checks/managers.js';
import * as networks from './checks/networks.js';
import * as privileges from './checks/privileges.js';
import * as programs from './checks/programs.js';
import * as state from './checks/state.js';
import * as systemd from './checks/systemd.js';
import * as traffic from './checks/traffic.js';
import type { Check } from './outcome.js';

/** Every check, in the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  privileges.CAPABILITIES,
  privileges.USER_NAMESPACE,
  privileges.PID_NAMESPACE,
  privileges.SECCOMP,
  kernel.KERNEL_VERSION,
  kernel.VETH,
  kernel.BRIDGE,
  kernel.TRIAL,
  kernel.CONNTRACK,
  kernel.BPF,
  kernel.CGROUP,
  programs.NODE,
  programs.RUNTIME,
  programs.WRAPPER_PROGRAM,
  networks.CONFIGURATION,
  networks.SUBNETS,
  networks.ROOM,
  traffic.FORWARDING,
  traffic.REVERSE_PATH,
  traffic.MTU,
  firewall.FORWARD_POLICY,
  firewall.FIREWALLD_ZONES,
  systemd.NETWORKD_FILES,
  systemd.LINK_FILES,
  systemd.UDEV_RULES,
  managers.IFUPDOWN,
  managers.DHCPCD,
  limits.OPEN_FILES,
  limits.NAMESPACES,
  limits.MOUNTS,
  limits.NEIGHBOURS,
  limits.CONNECTIONS,
  limits.SPACE,
  state.STATE_DIRECTORY,
  state.SOCKET,
  state.SET_ASIDE_FILES,
  state.LEFTOVER,
  daemon.DAEMON,
  daemon.VERSION,
  daemon.CONFIGURATION_FILE,
  daemon.PATHS,
  daemon.WARNINGS,
  daemon.POOLS,
  daemon.RECONCILE,
];
