#!/bin/sh
# The command netnsd, in dist/bin:
#
#   native-scripts/bin.sh build|check
#
# `build` puts the native program there (netnsd/README.md), or, where it cannot be built, a script that calls the one in JavaScript. A
# package has what it was built with: `check`, which npm runs after it installed one, puts the script there where the machine is another.
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
    rm -f dist/bin/.make.log
    uname -m >dist/bin/.machine
    keep_code
    ;;
  check)
    [ -e dist/bin/.machine ] || exit 0
    [ "$(cat dist/bin/.machine)" = "$(uname -m)" ] || script
    keep_code
    ;;
  *)
    echo 'usage: native-scripts/bin.sh build|check' >&2
    exit 2
    ;;
esac
