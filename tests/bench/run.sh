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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Instructions of N further passes of the rule benchmark, by the difference of two runs.
instructions() {
  local n=$1 few many
  few=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=plan_match \
    "$bin/bench_rules" run "$n" 1 2>&1 | awk '/Collected/ { print $4 }')
  many=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=plan_match \
    "$bin/bench_rules" run "$n" 9 2>&1 | awk '/Collected/ { print $4 }')
  echo $((many - few))
}

# Resident MB of a running gyr with rules file $1, once it has judged what a small recording holds.
resident() {
  local fifo pid kb
  fifo=$(mktemp -u)
  mkfifo "$fifo"
  "$build/gyr" "replay:-" -r "$1" <"$fifo" >/dev/null 2>"$work/err" &
  pid=$!
  exec 9>"$fifo"
  rm "$fifo"
  cat "$work/small.scap" >&9
  kb=0
  # it is up when what it has no longer changes
  for _ in $(seq 60); do
    local last=$kb
    sleep 1
    kb=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
    [ "$kb" != "$last" ] || break
  done
  exec 9>&-
  wait "$pid"
  awk -v kb="$kb" 'BEGIN { printf "%.1f", kb * 1024 / 1e6 }'
}

memory() {
  local none shape mb worst=0
  "$bin/capture" mix 1000 "$work/small.scap"
  printf -- '- list: nothing\n  items: [a]\n' >"$work/none.yaml"
  none=$(resident "$work/none.yaml")
  echo "no rules: $none MB"
  for shape in simple common; do
    "$bin/bench_memory" text $shape >"$work/rules.yaml"
    mb=$(resident "$work/rules.yaml")
    awk -v s=$shape -v a="$mb" -v b="$none" \
      'BEGIN { printf "10,000 %s rules: %.1f MB, %.1f more\n", s, a, a - b }'
    "$bin/bench_memory" parts $shape | sed 's/^/  /'
    [ $shape = simple ] && worst=$(awk -v a="$mb" -v b="$none" 'BEGIN { print a - b }')
  done
  # 154 MB is what Falco was measured to take for 10,000 rules (simple ones)
  awk -v a="$worst" 'BEGIN { printf "M1 %.3f\n", a / 154 }'
}

bench() {
  case $1 in
  R1 | R3 | R5 | R6 | L100k) "$bin/bench_rules" "$1" ;;
  R2)
    local few many
    few=$(instructions 10)
    many=$(instructions 10000)
    echo "instructions of 32,768 events: $few with 10 rules, $many with 10,000"
    awk -v a="$many" -v b="$few" 'BEGIN { printf "R2 %.3f\n", a / b }'
    ;;
  J1) "$bin/bench_json" ;;
  S1 | E2E1) tests/bench/capture.py "$build" "$1" ;;
  L1) "$bin/bench_load" ;;
  M1) memory ;;
  O1 | O3) python3 tests/bench/bench_delivery.py "$build/gyr" "$1" ;;
  *)
    echo "run.sh: no benchmark called '$1'; there are R1 R2 R3 R5 R6 L100k J1 L1 M1 O1 O3 S1 E2E1" >&2
    exit 2
    ;;
  esac
}

[ $# -gt 0 ] || set -- R1 R2 R3 R5 R6 L100k J1 L1 M1 O1 O3 S1 E2E1
for id in "$@"; do
  bench "$id"
done
