#!/bin/bash
# live.sh: what it costs to be watched, as root. Loops of system calls run with the watcher off and on, in turn; then
# storms of open and close on all processors say how many events a second come through.
#
#   tests/bench/live.sh [driver|gyr] [ROUNDS [RATE ...]]     default: gyr, 5, 660000 and 0
#
# driver: the programs in the kernel and a reader that throws every event away. gyr: the program with its shipped rules.
# Prints per loop: ns of CPU an iteration off and on (the least of all rounds) and the difference. Prints per storm of
# RATE calls a second (0: as many as the machine makes): events made, seen and dropped, and the watcher's CPU an event.
# ROUNDS 0: storms alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${GYR_BUILD:-build}
watcher=${1:-gyr}
rounds=${2:-5}
rates=("${@:3}")
[ ${#rates[@]} -gt 0 ] || rates=(660000 0)
loops=$build/tests/bench/live_loops
tmp=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$tmp"' EXIT

[ "$(id -u)" = 0 ] || { echo "live.sh: needs root" >&2; exit 1; }
case $watcher in driver | gyr) ;; *) echo "usage: live.sh [driver|gyr] [ROUNDS [RATE ...]]" >&2; exit 2 ;; esac

# Starts the watcher and returns when its programs are attached.
start() {
  case $watcher in
  driver) "$build/tests/bench/live_drain" 600 >"$tmp/out" 2>&1 & ;;
  gyr) "$build/gyr" syscall: >"$tmp/out" 2>&1 & ;;
  esac
  pid=$!
  for _ in $(seq 300); do
    # not grep -q: it would end before cat has written all
    if [ "$(cat /proc/$pid/fdinfo/* 2>/dev/null | grep -c '^link_id:')" -gt 0 ]; then
      sleep 1 # what it has to do at its start
      return
    fi
    kill -0 $pid 2>/dev/null || break
    sleep 0.1
  done
  echo "live.sh: the watcher did not start:" >&2
  tail -5 "$tmp/out" >&2
  exit 1
}

stop() {
  kill -TERM "$pid"
  wait "$pid" || true
  pid=
}

cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' "/proc/$pid/stat"; }

for _ in $(seq "$rounds"); do
  "$loops" | sed 's/^/off /' >>"$tmp/times"
  start
  "$loops" | sed 's/^/on /' >>"$tmp/times"
  stop
done
[ "$rounds" -eq 0 ] || awk '{ k = $2; if (!(k in off)) { off[k] = on[k] = 1e18; order[++n] = k }
       if ($1 == "off" && $3 < off[k]) off[k] = $3
       if ($1 == "on" && $3 < on[k]) on[k] = $3 }
     END { printf "%-14s %10s %10s %10s\n", "loop", "off ns", "on ns", "added ns"
           for (i = 1; i <= n; i++) { k = order[i]
             printf "%-14s %10d %10d %10d\n", k, off[k], on[k], on[k] - off[k] } }' "$tmp/times"

# What the watcher says of itself at its end: events seen, events dropped.
seen() {
  case $watcher in
  driver) awk '$1 == "events" { print $2 - 0, $4 - 0 }' "$tmp/out" ;;
  gyr) awk '$1 == "syscall.n_evts:" { all = $2 } $1 == "syscall.n_drops:" { lost = $2 }
            END { print all - lost, lost - 0 }' "$tmp/out" ;;
  esac
}

storm() {
  local before after made ms=5000
  start
  before=$(cpu_ms)
  made=$("$loops" --storm $ms "$1")
  sleep 1 # until the last of it is read
  after=$(cpu_ms)
  stop
  awk -v made="$made" -v ms=$ms -v cpu="$after" -v idle="$before" -v rate="$1" '{
    printf "storm of %s/s: %d events/s made; %d made, %d seen, %d dropped; %.0f ns of the watcher'"'"'s CPU an event\n",
           (rate == 0 ? "any number" : rate), made * 1000 / ms, made, $1, $2, (cpu - idle) * 1e6 / made }' < <(seen)
}

for rate in "${rates[@]}"; do
  storm "$rate"
done
