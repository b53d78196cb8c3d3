#!/usr/bin/env bash
# Runs a command where it may do anything to the network and to mounts, and nothing of it reaches the machine:
#
#   native-scripts/sandbox.sh COMMAND [ARGUMENT...]
#
# The command gets network, mount, PID and cgroup namespaces of its own (sandbox-inside.sh furnishes them). They end with
# it, and so does every process it started, also when this script is interrupted or killed. Only cgroups outlive their
# processes: the runtimes' are all made below one of this sandbox's own, removed here at the end, or by the next sandbox
# if this script is killed. The exit status is the command's.
set -euo pipefail
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

fail() {
  echo "sandbox: $*" >&2
  exit 1
}

(($#)) || fail 'what shall run? usage: sandbox.sh COMMAND [ARGUMENT...]'
if ((EUID)); then
  command -v sudo >/dev/null || fail 'namespaces need root: run this as root, or install sudo'
  # sudo drops PATH, where a Node.js of the user's own is found, and what configures the run; and without setpriv a
  # sandbox would outlive the sudo that started it.
  exec sudo -- setpriv --pdeathsig KILL env "PATH=$PATH" "CI=${CI:-}" "$here/sandbox.sh" "$@"
fi
command -v ip >/dev/null || fail 'ip is missing: install the package iproute2 (or run native-scripts/setup.sh)'
for tool in unshare setpriv; do
  command -v $tool >/dev/null || fail "$tool is missing: install the package util-linux"
done

# Prints when the process $1 started, in clock ticks since the machine did (field 22 of proc_pid_stat(5)).
started() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  awk '{ print $20 }' <<<"${stat##*)}"
}

# A process id alone comes again.
name=netnsd-sandbox-$$-$(started $$)
folders=() # this sandbox's cgroup in each hierarchy
child=

# Prints `TYPE MOUNTPOINT ROOT OPTIONS` of each cgroup hierarchy that is mounted.
hierarchies() {
  local fields dash
  while read -ra fields; do
    for ((dash = 6; dash < ${#fields[@]}; dash++)); do [[ ${fields[dash]} == - ]] && break; done
    [[ ${fields[dash + 1]} == cgroup* ]] && echo "${fields[dash + 1]} ${fields[4]} ${fields[3]} ${fields[dash + 3]}"
  done </proc/self/mountinfo
  true
}

# Prints what identifies a v1 hierarchy, its controllers or its name, out of the options $1 of its super block.
identity() {
  tr ',' '\n' <<<"$1" | grep -vxE 'rw|ro|xattr|noprefix|clone_children|cpuset_v2_mode|release_agent=.*' | paste -sd,
}

# Prints the path of this process's cgroup in the hierarchy $1 (empty: v2).
own_cgroup() {
  awk -F: -v controllers="$1" '$2 == controllers { sub("^[^:]*:[^:]*:", ""); print }' /proc/self/cgroup
}

# Makes the sandbox's cgroup in every hierarchy, below the one that this process is in, so that limits stay in force.
make_cgroups() {
  local type mountpoint root options controllers own folder file
  while read -r type mountpoint root options; do
    controllers=
    [[ $type == cgroup2 ]] || controllers=$(identity "$options")
    own=$(own_cgroup "$controllers")
    [[ $root == / ]] || own=${own#"$root"}
    folder=${mountpoint%/}${own%/}/$name
    [[ -d ${folder%/*} ]] || continue
    remove_stale_cgroups "${folder%/*}"
    mkdir "$folder" || fail "cannot make a cgroup in $mountpoint: the runtimes need write access to it"
    folders+=("$folder")
    # A new cpuset is empty, and nothing can run in it.
    for file in cpuset.cpus cpuset.mems; do
      [[ $type == cgroup2 || ! -e $folder/$file ]] || cat "${folder%/*}/$file" >"$folder/$file"
    done
    NETNSD_SANDBOX_CGROUPS+="$type $mountpoint $controllers"$'\n'
  done < <(hierarchies)
}

# Removes from the cgroup $1 what sandboxes left whose script was killed.
remove_stale_cgroups() {
  local folder pid start
  for folder in "$1"/netnsd-sandbox-*; do
    IFS=- read -r pid start <<<"${folder##*/netnsd-sandbox-}"
    [[ ! -d $folder || $(started "$pid") == "$start" ]] || find "$folder" -depth -type d -exec rmdir {} + || true
  done
}

# Removes the sandbox's cgroups; a process that just died may hold its own for a moment longer.
# shellcheck disable=SC2317 # called by a trap
remove_cgroups() {
  local folder attempt
  for folder in "${folders[@]}"; do
    for ((attempt = 0; attempt < 100; attempt++)); do
      find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [[ -d $folder ]] || continue 2
      sleep 0.05
    done
    echo "sandbox: a process is left in the cgroup $folder" >&2
  done
}

# shellcheck disable=SC2317 # called by a trap
end() {
  local status=$?
  trap '' INT TERM HUP
  # unshare --kill-child takes the sandbox's first process with it, and the kernel all others with that.
  [[ -z $child ]] || { kill -KILL "$child" && wait "$child"; } 2>/dev/null || true
  remove_cgroups
  exit "$status"
}

export NETNSD_SANDBOX_CGROUPS=
NETNSD_SANDBOX_HOST="$(readlink /proc/self/ns/net) $(readlink /proc/self/ns/mnt)"
export NETNSD_SANDBOX_HOST
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
make_cgroups

# Started in the background, since bash runs no trap while it waits for a command in the foreground; that would leave
# INT and QUIT ignored and standard input closed. setpriv: dies with this script, even by SIGKILL.
(
  for folder in "${folders[@]}"; do echo "$BASHPID" >"$folder/cgroup.procs"; done
  exec env --default-signal=INT,QUIT setpriv --pdeathsig KILL \
    unshare --net --mount --propagation private --cgroup --pid --fork --kill-child --mount-proc \
    bash "$here/sandbox-inside.sh" "$@"
) <&0 &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
