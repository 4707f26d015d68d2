#!/bin/bash
# quickstart.sh: from a bare Debian 12 to alerts. Installs what building needs, builds, and judges two
# sample logs with the shipped rules: an AWS account and a Kubernetes cluster on a bad morning.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/deps.sh --build
log=$(mktemp)
echo "building ..."
# Tests need more packages; a build that has them keeps them.
options=()
[ -f build/CMakeCache.txt ] || options=(-DGYR_TESTS=OFF)
if ! { cmake -B build -G Ninja "${options[@]}" && cmake --build build; } >"$log" 2>&1; then
  tail -40 "$log"
  exit 1
fi
rm -f "$log"

echo
echo "== build/gyr cloudtrail:examples/logs/cloudtrail.json.gz"
build/gyr cloudtrail:examples/logs/cloudtrail.json.gz
echo
echo "== build/gyr k8saudit:examples/logs/k8s_audit.jsonl"
build/gyr k8saudit:examples/logs/k8s_audit.jsonl
