#!/usr/bin/env bash
# Prints what of this machine a run of the tests or the demo must leave as it was, so that two calls can be compared:
# links, addresses, routes, rules, nftables, per-interface sysctls, named namespaces, mounts, and whatever netnsd or a
# runtime started for it would leave: processes, cgroups, its state directory. What changes by itself (counters, lifetimes) is left out.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

section() { echo "== $1"; }
settled() { sed -E 's/ (valid_lft|preferred_lft|expires|age|used|ref|users|hoplimit) [0-9]+(sec)?//g; s/ +$//'; }

section links
ip -o link show | settled
section addresses
ip -o address show | settled
section routes
{ ip -4 route show table all && ip -6 route show table all; } | settled | sort
section rules
ip -4 rule show
ip -6 rule show
section nftables
# Only root may read it, and only root could have changed it.
if ((EUID == 0)) && command -v nft >/dev/null; then nft -s list ruleset; fi
section sysctls
grep -rs '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf | grep -v stable_secret | sort || true
section 'named namespaces'
ls /run/netns 2>/dev/null || true
section mounts
awk '{ print $4, $5, $(NF - 2), $(NF - 1) }' /proc/self/mountinfo | sort
section processes
for command in /proc/[0-9]*/cmdline; do
  tr '\0' ' ' 2>/dev/null <"$command" | grep -F "$PWD/dist/src/main.js" || true
done | sort
for process in /proc/[0-9]*; do
  # Not those of a sandbox, which has process numbers of its own.
  [[ $(readlink "$process/ns/pid" || true) == "$(readlink /proc/self/ns/pid)" ]] || continue
  [[ $(cat "$process/comm" 2>/dev/null || true) != netnsd-vault ]] || echo "netnsd-vault of $(cat "$process/root/identity" || true)"
done 2>/dev/null | sort
section cgroups
# Other cgroups come and go while it looks.
{ find /sys/fs/cgroup -type d -name 'netnsd-sandbox-*' 2>/dev/null || true; } | while read -r folder; do
  pid=${folder##*/netnsd-sandbox-}
  [[ -d /proc/${pid%%-*} ]] || echo "$folder" # that of a sandbox which is still running is not left behind
done
section files
ls -d /run/netnsd* 2>/dev/null || true
