#!/usr/bin/env bash
# The inside of sandbox.sh, which alone may start it: the first process of the new namespaces. It furnishes them, runs
# the command and, as the first process of a PID namespace has to, reaps what others leave behind.
set -euo pipefail

read -r host_net host_mnt <<<"${NETNSD_SANDBOX_HOST:?only sandbox.sh starts this script}"
net=$(readlink /proc/self/ns/net)
mnt=$(readlink /proc/self/ns/mnt)
if (($$ != 1)) || [[ $net == "$host_net" || $mnt == "$host_mnt" ]]; then
  echo 'sandbox: not in namespaces of its own' >&2
  exit 1
fi

# sysfs shows the network namespace of the process that mounted it; the old one would list the machine's links.
umount -R -l /sys
mount -t sysfs sysfs /sys
cgroups=/sys/fs/cgroup
[[ $NETNSD_SANDBOX_CGROUPS == "cgroup2 $cgroups "* ]] || mount -t tmpfs -o mode=755 tmpfs "$cgroups"
while read -r type mountpoint controllers; do
  [[ -n $type ]] || continue
  [[ $mountpoint == "$cgroups" ]] || mkdir -p "$mountpoint"
  if [[ $type == cgroup2 ]]; then
    mount -t cgroup2 cgroup2 "$mountpoint"
    # Only a cgroup without processes may hand controllers down, so this one's move into a child.
    mkdir "$mountpoint/init"
    echo 0 >"$mountpoint/init/cgroup.procs"
  else
    mount -t cgroup -o "$controllers" cgroup "$mountpoint"
  fi
done <<<"$NETNSD_SANDBOX_CGROUPS"

# The runtimes' state, named namespaces, lock files, and temporary files too: all gone with this mount.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 755 /run/netns /run/lock
mkdir -m 1777 /run/tmp
# What a test's guard believes: the machine's /run has no such file, and another namespace has another name.
echo "$net $mnt" >/run/netnsd-sandbox
ip link set lo up

unset NETNSD_SANDBOX_CGROUPS NETNSD_SANDBOX_HOST XDG_RUNTIME_DIR NOTIFY_SOCKET
export NETNSD_SANDBOX=1 TMPDIR=/run/tmp
status=0
"$@" || status=$?
exit "$status"
