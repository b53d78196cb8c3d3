# Whatever starts containers or takes namespaces, as this distribution has it. Each pings the gateway of its pool and ends; then its lease is gone.
pings='busybox ping -c1 -W60 10.213.0.1'
released() { get /v1/leases | grep -q '"leases":\[\]'; }
ends() { "$@" && eventually released; }
# On the path of a lease that is there for the time of the command, which gets the path as its last words, after what comes before it.
on_lease() {
  local path status=0
  path=$(netnsd acquire --id engine --path) || return
  "${@/PATH/$path}" || status=$?
  netnsd release --id engine && eventually released && return "$status"
}

# What asks netnsd from behind walls of its own.
walled=(systemd-run --quiet --wait --pipe -p PrivateTmp=yes -p ProtectHome=yes)
check 'a unit runs by NetworkNamespacePath=, with PrivateTmp= and ProtectSystem=' \
  on_lease "${walled[@]}" -p NetworkNamespacePath=PATH -p ProtectSystem=strict $pings
for protection in full strict; do
  check "a caller with PrivateTmp= and ProtectSystem=$protection acquires, uses the path and releases" ends \
    "${walled[@]}" -p "ProtectSystem=$protection" bash -c "p=\$(netnsd acquire --id walled --path) && nsenter --net=\$p $pings; netnsd release --id walled"
done
# Not in /tmp, of which a unit with PrivateTmp= has one of its own.
bundle=$state/bundle
make_bundle "$bundle" '"ping", "-c1", "-W60", "10.213.0.1"'
sed -i 's/"CAP_KILL"/"CAP_KILL", "CAP_NET_RAW"/' "$bundle/config.json"
check 'netnsd-runc runs a container' ends netnsd-runc run --bundle "$bundle" once
check 'with crun too' ends env NETNSD_RUNC_RUNTIME=crun netnsd-runc run --bundle "$bundle" once
check 'a unit with PrivateTmp= and ProtectSystem=full runs a container by netnsd-runc' ends \
  "${walled[@]}" -p ProtectSystem=full -p Delegate=yes netnsd-runc run --bundle "$bundle" once

mkdir -p "$work/tree"/{bin,etc,usr,proc,sys,dev,run,tmp,var}
cp /bin/busybox "$work/tree/bin/"
ln -s busybox "$work/tree/bin/sh"
ln -s busybox "$work/tree/bin/sleep"
echo ID=netnsd-test >"$work/tree/etc/os-release"
check 'systemd-nspawn on the path of a lease' \
  on_lease systemd-nspawn --quiet --pipe --register=no --network-namespace-path=PATH "--directory=$work/tree" --as-pid2 /bin/$pings

# An image for all that follow.
image=localhost/netnsd-test:1
imports() {
  tar -c -C "$work/tree" . | podman import --change 'ENV PATH=/bin' --change 'CMD ["/bin/sleep", "1000000"]' - "$image" &&
    podman save --quiet --format oci-archive --output "$work/image.tar" "$image"
}
check 'Podman imports an image' imports
run=(podman run --rm --quiet --cap-add NET_RAW)
check 'Podman on the path of a lease' on_lease "${run[@]}" --network ns:PATH "$image" $pings
check 'Podman by the runtime netnsd-runc' ends podman --runtime /usr/bin/netnsd-runc run --rm --cap-add NET_RAW --network none "$image" $pings
mkdir -p "$work/hooks"
check 'hooks are written' netnsd oci hooks --hooks-d "$work/hooks"
check 'Podman by hooks' ends podman --hooks-dir "$work/hooks" run --rm --cap-add NET_RAW --network none --annotation dev.netnsd.pool=default "$image" $pings
by_netavark() {
  podman network create --driver netnsd-netavark --opt pool=default pods || return
  ends "${run[@]}" --network pods "$image" $pings
  local status=$?
  podman network rm --force pods
  return "$status"
}
# Plugins of netavark came with 1.6; Debian 12 has 1.4.
if dpkg --compare-versions "$(dpkg-query -W -f '${Version}' netavark)" ge 1.6; then
  check 'Podman by a network of netavark' by_netavark
else
  echo "# netavark $(dpkg-query -W -f '${Version}' netavark) has no plugins: Podman's networks of netnsd need 1.6"
fi

# containerd as its package has it, with CRI and a network of netnsd-cni. A live conflist is only there for the time of this test.
mkdir -p /etc/cni/net.d /etc/containerd
cp /etc/containerd/config.toml "$work/config.toml" 2>/dev/null
cp /usr/share/doc/netnsd/examples/10-netnsd.conflist /etc/cni/net.d/
cat >/etc/containerd/config.toml <<END
version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "$image"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/etc/cni/net.d"
END
starts_containerd() {
  systemctl restart containerd.service && eventually ctr version &&
    ctr images import "$work/image.tar" && ctr -n k8s.io images import "$work/image.tar"
}
check 'containerd starts and has the image' starts_containerd
check 'ctr on the path of a lease' on_lease ctr run --rm --with-ns network:PATH "$image" once $pings
check 'ctr by netnsd-runc' ends ctr run --rm --runc-binary /usr/bin/netnsd-runc "$image" once $pings
if [[ -f /tree/dist/test/runtime/grpc.js ]]; then
  check 'a pod of containerd CRI by netnsd-cni is there, runs a container in it, and goes' ends \
    env "PATH=/usr/lib/netnsd/dist/bin:$PATH" node "$here/checks/pod.mjs" /run/containerd/containerd.sock "$image" $pings
else
  echo '# no pod of CRI: that takes the checkout, built, in /tree (vagrant/machine --tree)'
fi
systemctl stop containerd.service
rm -f /etc/cni/net.d/10-netnsd.conflist /etc/containerd/config.toml
[[ ! -e $work/config.toml ]] || cp "$work/config.toml" /etc/containerd/
