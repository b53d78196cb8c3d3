# Removed and purged, the package leaves nothing.
check 'the package is removed' dpkg --remove netnsd
check 'and purged' dpkg --purge netnsd
nothing_left() {
  ! ip -o link show type veth | grep nb && ! grep netnsd /proc/mounts && ! ls -d /run/netnsd /etc/netnsd /usr/lib/netnsd 2>/dev/null &&
    ! nft list ruleset | grep netnsd && ! getent group netnsd && ! ls -d /etc/systemd/system/*.wants/netnsd* 2>/dev/null
}
check 'no link, mount, folder, rule, group or enabled unit is left' nothing_left
check 'no process is left' bash -c '! pgrep --exact netnsd-vault && ! pgrep -f "netnsd.*serve"'
check 'no unit has failed' bash -c '[[ -z $(systemctl list-units --failed --no-legend | tee /dev/stderr) ]]'
