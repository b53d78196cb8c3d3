# The package installs by vagrant/provision, and the service is what systemd, udev and systemd-networkd make of it.
provisioned() { bash "$here/provision" "$(previous)" | tee "$work/said" && tail -1 "$work/said" | grep -q "$1"; }
again_does_nothing() {
  local before
  before=$(pid)
  provisioned 'nothing to do' && [[ $(pid) == "$before" ]]
}
check 'vagrant/provision installs the package' provisioned 'netnsd .* serves'
check 'a second run of it does nothing' again_does_nothing
check 'the service is enabled and up' systemctl --quiet is-enabled netnsd.service
check 'the daemon answers' eventually status
check 'the pool is filled' eventually ready 16

# What the kernel lacks is found at the start, and named by doctor. Neither of Debian's kernels lacks what makes a check fail.
doctor() { netnsd doctor --verbose >"$state/doctor"; local result=$?; cat "$state/doctor"; ((result == 0)); }
check 'doctor finds nothing that fails' doctor
grep -E '^ +(warn|unknown) ' "$state/doctor" | sed 's/^/# doctor:/'

few_units() {
  local mounts devices
  mounts=$(systemctl list-units --all --no-legend --plain 'run-netnsd*.mount' | wc -l)
  devices=$(systemctl list-units --all --no-legend --plain '*subsystem-net-devices-nb*.device' '*subsystem-net-devices-nd*.device' | wc -l)
  echo "$mounts mount units, $devices device units"
  ((mounts <= 2 && devices <= 1))
}
check 'systemd has no unit for what is in the vault and in hubs: two mounts and one link' few_units

# A file that matches every link, as an image of a cloud may have it.
has_gateway() { ip -o address show dev "$(uplink)" | grep -Fq 10.213.0.1/; }
catches_all() {
  printf '[Match]\nName=*\n[Network]\nDHCP=yes\nLinkLocalAddressing=ipv6\n' >/etc/systemd/network/05-all.network
  networkctl reload && systemctl restart systemd-networkd && sleep 10 || return
  networkctl list "$(uplink)" --no-legend | grep -q unmanaged && has_gateway && ! ip -6 -o address show dev "$(uplink)" | grep -q 'inet6 fe80'
}
check 'a networkd file that matches every link takes nothing away' catches_all
rm -f /etc/systemd/network/05-all.network

# Processor time of processes, in clock ticks: utime and stime of proc_pid_stat(5). Of udevd and others with that of children that have ended, its
# workers; not of PID 1, whose children are services.
ticks() { sed 's/.*) //' "${@/%//stat}" | awk '{ sum += $12 + $13 } END { print sum }'; }
family_ticks() { sed 's/.*) //' "${@/%//stat}" | awk '{ sum += $12 + $13 + $14 + $15 } END { print sum }'; }
host_ticks() { echo $(($(ticks /proc/1) + $(family_ticks $(printf '/proc/%s ' $(pgrep 'systemd-(udevd|network|journal)|dbus-daemon'))))); }
is_cheap() {
  local host daemon
  printf '[pools.default]\nmin_ready = 500\nmax = 600\n' >/etc/netnsd/netnsd.toml
  host=$(host_ticks) daemon=$(ticks "/proc/$(pid)")
  systemctl reload netnsd.service && eventually ready 500 || return
  host=$(($(host_ticks) - host)) daemon=$(($(ticks "/proc/$(pid)") - daemon))
  echo "PID 1, udevd, networkd, journald and dbus: $host ticks; netnsd: $daemon"
  ((host * 10 <= daemon))
}
check 'PID 1, udevd and others work at most a tenth of what netnsd does for 500 endpoints' is_cheap
sed 's/^/# /' "$work/output"
rm -f /etc/netnsd/netnsd.toml
# More endpoints than the new max are destroyed first.
shrinks() { systemctl reload netnsd.service && eventually netnsd acquire --id afterwards && netnsd release --id afterwards; }
check 'a reload takes the former size back, and leases are given again' shrinks
