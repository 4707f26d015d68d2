#!/bin/bash
# deps.sh: the one list of Debian 12 packages that building and testing needs. Installs those that
# are missing and does nothing when none is. Needs root (or sudo) only when there is work to do.
set -euo pipefail

build=(
  build-essential cmake ninja-build pkg-config ca-certificates
  libuv1-dev libyaml-dev libjson-c-dev libjansson-dev libcurl4-openssl-dev libssl-dev
  libmicrohttpd-dev libgnutls28-dev zlib1g-dev libexpat1-dev libre2-dev libvectorscan-dev libnats-dev
  libbpf-dev libelf-dev bpftool clang llvm
)
check=(
  git netbase libcmocka-dev clang-format clang-tidy libclang-rt-14-dev
  python3 python3-yaml valgrind openssl curl rsyslog rsyslog-openssl nats-server prometheus-alertmanager
  prometheus python3-swift
)

usage() {
  echo "usage: deps.sh [--build]   (--build: what building alone needs, not the tests)" >&2
  exit 2
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    echo "deps: must be root to install: ${missing[*]}" >&2
    exit 1
  fi
}

# Mirrors and networks fail now and then: three tries, the wait doubling.
try() {
  local i log wait=2
  log=$(mktemp)
  for i in 1 2 3; do
    if as_root "$@" >"$log" 2>&1; then
      rm -f "$log"
      return 0
    fi
    [ "$i" = 3 ] || sleep "$wait"
    wait=$((wait * 2))
  done
  echo "deps: failed three times: $*" >&2
  tail -20 "$log" >&2
  rm -f "$log"
  return 1
}

case ${1-} in
"") want=("${build[@]}" "${check[@]}") ;;
--build) want=("${build[@]}") ;;
*) usage ;;
esac

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || {
  echo "deps: not a Debian system; needed: ${want[*]}" >&2
  exit 1
}

missing=()
for p in "${want[@]}"; do
  s=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
  case $s in
  *installed*) [ "$s" = not-installed ] && missing+=("$p") || true ;;
  *) missing+=("$p") ;;
  esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "deps: installing ${#missing[@]} packages: ${missing[*]}"
try apt-get update -qq
try apt-get install -y -qq --no-install-recommends "${missing[@]}"
