#!/bin/bash
# Benchmarks, each ending in one line `<id> <ratio>`. Usage: tests/bench/run.sh [-b BUILD_DIR] [ID ...]
# Without IDs all that this build has; a few minutes together. Meant for a RelWithDebInfo build on a
# machine that does nothing else; ratios, not absolute times, are what to compare.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=build
if [ "${1:-}" = -b ]; then
  build=$2
  shift 2
fi
bin=$build/tests/bench

# Instructions of N further passes of the rule benchmark, by the difference of two runs.
instructions() {
  local n=$1 few many
  few=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=plan_match \
    "$bin/bench_rules" run "$n" 1 2>&1 | awk '/Collected/ { print $4 }')
  many=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=plan_match \
    "$bin/bench_rules" run "$n" 9 2>&1 | awk '/Collected/ { print $4 }')
  echo $((many - few))
}

bench() {
  case $1 in
  R1 | R3 | R6 | L100k) "$bin/bench_rules" "$1" ;;
  R2)
    local few many
    few=$(instructions 10)
    many=$(instructions 10000)
    echo "instructions of 32,768 events: $few with 10 rules, $many with 10,000"
    awk -v a="$many" -v b="$few" 'BEGIN { printf "R2 %.3f\n", a / b }'
    ;;
  J1) "$bin/bench_json" ;;
  L1) "$bin/bench_load" ;;
  *)
    echo "run.sh: no benchmark called '$1'; there are R1 R2 R3 R6 L100k J1 L1" >&2
    exit 2
    ;;
  esac
}

[ $# -gt 0 ] || set -- R1 R2 R3 R6 L100k J1
for id in "$@"; do
  bench "$id"
done
