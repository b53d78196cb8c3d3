#!/bin/sh
# The native programs of the package, in dist/bin:
#
#   native-scripts/bin.sh build|check
#
# `build` puts the command netnsd there (netnsd/README.md), or, where it cannot be built, a script that calls the one in JavaScript; the
# plugins netnsd-cni and netnsd-netavark; and netnsd-vault, without which no daemon starts. A package has what it was built with: `check`, which npm runs
# after it installed one, puts the script there where the machine is another, and builds the plugins and netnsd-vault anew.
# Both have V8 compile the daemon, so that its starts need not (src/code/cache.ts).
set -eu
cd -- "$(dirname -- "$0")/.."

script() {
  cat >dist/bin/.netnsd.new <<'EOF'
#!/bin/sh
exec "${NETNSD_NODE:-node}" "$(dirname -- "$(readlink -f -- "$0")")/../src/main.js" "$@"
EOF
  chmod 755 dist/bin/.netnsd.new
  mv dist/bin/.netnsd.new dist/bin/netnsd
}

vault() {
  if make -s -C native-scripts vault >dist/bin/.make.log 2>&1; then
    cp native-scripts/build/netnsd-vault dist/bin/.netnsd-vault.new
    mv dist/bin/.netnsd-vault.new dist/bin/netnsd-vault
  else
    cat dist/bin/.make.log >&2
    echo 'netnsd-vault cannot be built, which takes make and a C compiler: netnsd serve does not start without it' >&2
    rm -f dist/bin/netnsd-vault
  fi
  rm -f dist/bin/.make.log
}

cni() {
  rm -f dist/bin/netnsd-cni dist/bin/netnsd-netavark
  if make -s -C native-scripts cni >/dev/null 2>&1; then
    for plugin in netnsd-cni netnsd-netavark; do
      cp native-scripts/build/$plugin dist/bin/.$plugin.new
      mv dist/bin/.$plugin.new dist/bin/$plugin
    done
  else
    echo 'netnsd is built without netnsd-cni and netnsd-netavark, which take make and a C compiler: Kubernetes and networks of Podman cannot use it' >&2
  fi
}

# Of no consequence where it fails: a start takes longer.
keep_code() {
  "${NETNSD_NODE:-node}" dist/src/code/keep-main.js || echo 'netnsd: the code of the daemon is not kept: its starts take longer' >&2
}

case ${1:-} in
  build)
    mkdir -p dist/bin
    if make -s -C native-scripts front >dist/bin/.make.log 2>&1; then
      cp native-scripts/build/netnsd dist/bin/.netnsd.new
      mv dist/bin/.netnsd.new dist/bin/netnsd
    else
      echo 'netnsd is built without its native program, which takes make and a C compiler: acquire and release take longer' >&2
      script
    fi
    cni
    vault
    uname -m >dist/bin/.machine
    keep_code
    ;;
  check)
    [ -e dist/bin/.machine ] || exit 0
    if [ "$(cat dist/bin/.machine)" != "$(uname -m)" ]; then
      script
      cni
      vault
      uname -m >dist/bin/.machine
    fi
    keep_code
    ;;
  *)
    echo 'usage: native-scripts/bin.sh build|check' >&2
    exit 2
    ;;
esac
