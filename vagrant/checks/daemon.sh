# Whatever happens to the daemon: a unit and a container keep their network.
lease=$(netnsd acquire --id unit --path)
systemd-run --quiet --unit guest -p "NetworkNamespacePath=$lease" busybox sleep 100000
make_bundle "$work/bundle" '"sleep", "100000"'
check 'netnsd-runc runs a container' netnsd-runc run --detach --bundle "$work/bundle" web
container=$(namespace_of web)
both() { reaches "$lease" && reaches "$container"; }
check 'the unit and the container reach their gateway' both

is_another() { [[ $(pid) != "$1" && $(pid) != 0 ]] && status; }
again() {
  local before
  before=$(pid)
  "$@" && eventually is_another "$before" && both
}
stays() {
  local before
  before=$(pid)
  "$@" && sleep 5 && [[ $(pid) == "$before" ]] && eventually status && both
}
signal() { systemctl kill --signal "$1" --kill-whom main netnsd.service; }
check 'a restart leaves containers as they are' again systemctl restart netnsd.service
check 'SIGKILL too; the service comes up again' again signal KILL
check 'SIGTERM by kill(1) too' again signal TERM
check 'a reload leaves the same daemon' stays systemctl reload netnsd.service
check 'SIGHUP too' stays signal HUP
check 'SIGUSR1 too' stays signal USR1
check 'the vault is another process than the daemon, in the same unit: its death ends neither' bash -c \
  'kill -KILL $(pgrep --exact netnsd-vault | head -1) && sleep 2 && systemctl --quiet is-active netnsd.service'
check 'the containers are still there' both

refuses() { ! dpkg --remove netnsd 2>"$work/refusal" && grep -q 'in use: .*NETNSD_FORCE_REMOVE=1' <(tr '\n' ' ' <"$work/refusal") && both; }
check 'the package is not removed while they run' refuses
upgrades() {
  again env DEBIAN_FRONTEND=noninteractive dpkg --install "$(newest)" || return
  [[ $(dpkg-query -W -f '${Version}' netnsd) == "$(dpkg-deb -f "$(newest)" Version)" ]] && get /v1/leases | grep -q '"containerId":"unit"'
}
echo "# from $(dpkg-query -W -f '${Version}' netnsd) to $(dpkg-deb -f "$(newest)" Version)"
check 'an upgrade from the package before leaves leases and containers as they are' upgrades
systemctl stop guest.service
netnsd-runc delete --force web
check 'the lease of the unit is released' netnsd release --id unit
