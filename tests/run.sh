#!/bin/bash
# run.sh: from a bare Debian 12 to every test. Each stage says how it went; nothing stops the next
# one; failures are told again at the end, and the last line counts: `N passed, N failed[, N skipped]`.
#
#   tests/run.sh          all of it
#   tests/run.sh --fast   one build, its tests, lint
#
# FUZZ_SECONDS: how long each fuzz target runs (default 5). JOBS: parallel jobs (default: processors).
# CI=true: what needs root or the shared cases fails instead of being skipped.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
jobs=${JOBS:-$(nproc)}
fuzz_seconds=${FUZZ_SECONDS:-5}
[ "$fuzz_seconds" -le 30 ] || fuzz_seconds=30
out=$root/build-tests
mkdir -p "$out"
passed=0 failed=0 skipped=0
failures=()
reasons= # what the tests that failed printed
began=$SECONDS

say() { printf '%s\n' "$*"; }

# ok NAME / bad NAME [LOG]: one stage that counts as one test.
ok() { passed=$((passed + 1)); }
bad() {
  failed=$((failed + 1))
  failures+=("$1")
  [ -z "${2-}" ] || tail -n "${3:-40}" "$2" | sed 's/^/    /'
}

# stage NAME COMMAND...: runs it into a log and says how it went and how long it took.
stage() {
  local name=$1 log t=$SECONDS
  shift
  log=$out/${name//[^a-z0-9]/-}.log
  printf '%-34s' "$name"
  if "$@" >"$log" 2>&1; then
    say "ok        $((SECONDS - t)) s"
    ok "$name"
  else
    say "FAILED    $((SECONDS - t)) s   $log"
    bad "$name" "$log"
    return 1
  fi
}

# build DIR OPTION...: configure and build everything, the tests too, whatever was built there before.
build() {
  local dir=$1
  shift
  cmake -B "$dir" -G Ninja -DGYR_TESTS=ON "$@" && cmake --build "$dir" -j "$jobs" -- -k 0
}

# tests NAME DIR [CTEST OPTION...]: every test of a build, each counted.
tests() {
  local name=$1 dir=$2 t=$SECONDS xml told p f s why
  shift 2
  xml=$out/${name//[^a-z0-9]/-}.xml
  printf '%-34s' "$name"
  rm -f "$xml"
  "${wrap[@]}" ctest --test-dir "$dir" -j "$jobs" --output-on-failure --timeout 900 \
    --output-junit "$xml" "$@" >"${xml%.xml}.log" 2>&1
  told=$(python3 "$root/tests/lib/junit.py" "$xml" "$name" 2>/dev/null) ||
    told="0 1 0"$'\n'"$name: no result"$'\n\n'"$(tail -n 60 "${xml%.xml}.log")"
  read -r p f s <<<"$(head -1 <<<"$told")"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  while read -r line; do failures+=("$line"); done < <(sed '1d;/^$/,$d' <<<"$told")
  if [ "$f" -gt 0 ]; then
    say "FAILED    $((SECONDS - t)) s   $p passed, $f failed   ${xml%.xml}.log"
    why=$(sed '1,/^$/d;s/^/    /' <<<"$told")
    say "$why"
    reasons+=$why$'\n'
  else
    say "ok        $((SECONDS - t)) s   $p passed$([ "$s" -gt 0 ] && echo ", $s skipped")"
  fi
}

# compat NAME DIR: the case files nobody here wrote, judged by the programs of one build.
compat() {
  local name=$1 dir=$2 t=$SECONDS log p f s rc
  log=$out/${name//[^a-z0-9]/-}.log
  GYR_BUILD=$dir tests/compat/run.sh >"$log" 2>&1
  rc=$?
  read -r p f s <<<"$(awk '/: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped/ {
      sub(/^[^:]*: /, ""); p += $1; f += $3; s += $5 } END { print p + 0, f + 0, s + 0 }' "$log")"
  # With status 0 every failure is a known one, listed with its reason.
  if [ $rc -eq 0 ]; then s=$((s + f)) f=0; fi
  [ $rc -eq 0 ] || [ "$f" -gt 0 ] || f=1
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  printf '%-34s' "$name"
  if [ $rc -ne 0 ]; then
    failures+=("$name: $f failed, see $log")
    say "FAILED    $((SECONDS - t)) s   $p passed, $f failed, $s skipped   $log"
  else
    say "ok        $((SECONDS - t)) s   $p passed, $s skipped"
  fi
  sed 's/^/    /' "$log"
}

c_files() {
  git ls-files -co --exclude-standard -- '*.c' '*.h' 2>/dev/null |
    grep -v '/corpus/' || true
}

format() { c_files | xargs -r clang-format --dry-run --Werror; }

tidy() {
  c_files | grep '\.c$' | grep -v '^tests/\|^examples/\|^sdk/template/\|\.bpf\.c$' |
    while read -r f; do
      grep -q "\"file\": \".*/$f\"" "$out/clang/compile_commands.json" && echo "$f"
    done |
    xargs -r -n 4 -P "$jobs" clang-tidy --quiet -p "$out/clang"
}

fuzz() {
  local rc=0 t name corpus seen=0
  for t in "$out"/fuzz/tests/fuzz/fuzz_*; do
    [ -x "$t" ] || continue
    seen=1
    name=$(basename "$t")
    corpus=tests/fuzz/corpus/${name#fuzz_}
    mkdir -p "$out/fuzz/found/$name"
    stage "fuzz ${name#fuzz_}" "$t" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=2048 \
      -max_len=65536 -print_final_stats=1 -artifact_prefix="$out/fuzz/found/$name-" \
      "$out/fuzz/found/$name" "$corpus" || rc=1
  done
  [ $seen = 1 ] || say "no fuzz targets built"
  return $rc
}

# What a plugin author does first: install, and build a project that knows nothing of this tree.
first_plugin() {
  rm -rf "$out/prefix" "$out/first-plugin"
  cmake --install build --prefix "$out/prefix" &&
    cmake -S examples/first-plugin -B "$out/first-plugin" -G Ninja -DCMAKE_PREFIX_PATH="$out/prefix" &&
    cmake --build "$out/first-plugin" && [ -f "$out/first-plugin/plugins/clock.so" ]
}

fast=0
case ${1-} in
"") ;;
--fast) fast=1 ;;
*)
  say "usage: tests/run.sh [--fast]" >&2
  exit 2
  ;;
esac

# Thread and address sanitizers want a plain address space; some kernels randomise too much of it.
wrap=()
if setarch "$(uname -m)" -R true 2>/dev/null; then wrap=(setarch "$(uname -m)" -R); fi
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

stage "packages" tests/deps.sh
if stage "build gcc" build build -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=RelWithDebInfo; then
  tests "tests gcc" build
  compat "compat" "$root/build"
  stage "first plugin" first_plugin
fi
stage "lint" python3 tests/lint/lint.py
stage "format" format

if [ $fast = 0 ]; then
  if stage "build asan+ubsan" build "$out/asan" -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ -DASAN=ON -DUBSAN=ON \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DCMAKE_CXX_FLAGS=-O1; then
    tests "tests asan+ubsan" "$out/asan"
    compat "compat asan+ubsan" "$out/asan"
  fi
  # clang-tidy reads what the clang build wrote down.
  if stage "build clang" build "$out/clang" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++; then
    tests "tests clang" "$out/clang"
    stage "clang-tidy" tidy
  fi
  if stage "build tsan" build "$out/tsan" -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ -DTSAN=ON; then
    tests "tests tsan" "$out/tsan" -LE "notsan|fuzz"
  fi
  if stage "build fuzz" build "$out/fuzz" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DFUZZ=ON -DASAN=ON -DUBSAN=ON; then
    fuzz
  fi
fi

say ""
if [ ${#failures[@]} -gt 0 ]; then
  # Of a long output perhaps only the end is kept.
  head -n 400 <<<"$reasons"
  say "failed:"
  printf '  %s\n' "${failures[@]}"
fi
say "took $((SECONDS - began)) s"
summary="$passed passed, $failed failed"
[ "$skipped" = 0 ] || summary+=", $skipped skipped"
say "$summary"
[ "$failed" = 0 ]
