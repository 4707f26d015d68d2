#!/bin/bash
# run.sh [-v] [DIR]: the cases that nobody here wrote, one line a file: `FILE: P passed, F failed,
# S skipped`. -v names the failures. DIR is laid out like ../shared/cases, its default; where that
# is absent there is nothing to do, except with CI=true. GYR_BUILD is the build to judge.
# Exit 1 on a failure that known.txt does not list.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GYR_BUILD:-$root/build}
verbose=()
[ "${1-}" = -v ] && verbose=(-v) && shift
dir=${1:-$root/../shared/cases}

if [ ! -d "$dir" ] && [ $# -eq 0 ]; then
  # A worktree lies one level deeper than the tree it belongs to.
  common=$(git -C "$root" rev-parse --path-format=absolute --git-common-dir 2>/dev/null) &&
    [ -d "$common/../../shared/cases" ] && dir=$common/../../shared/cases
fi
if [ ! -d "$dir" ]; then
  echo "compat: no cases at $dir"
  [ "${CI:-}" = true ] && exit 1
  exit 0
fi
dir=$(cd "$dir" && pwd)

rc=0
python=()
for file in filter extract rule_loader config k8saudit legacy golden scap_field; do
  file=${file}_cases.json
  [ -f "$dir/$file" ] || continue
  program=$build/tests/compat/compat_${file%.json}
  case $file in
  k8saudit_* | legacy_* | golden_* | scap_*)
    python+=("$file")
    ;;
  *)
    [ "$file" = filter_cases.json ] && python+=("$file")
    if [ -x "$program" ]; then
      timeout 600 "$program" "${verbose[@]}" "$dir" || rc=1
    else
      n=$(grep -c '"id":' "$dir/$file")
      echo "  skipped $file: ${program##*/} is not built yet"
      echo "$file: 0 passed, 0 failed, $n skipped"
    fi
    ;;
  esac
done
if [ -f "$dir/golden_cases.json" ] && [ -x "$build/tests/compat/compat_scap_blocks" ]; then
  timeout 600 "$build/tests/compat/compat_scap_blocks" "$dir" || rc=1
  timeout 600 "$build/tests/compat/compat_scap_damage" "$dir" || rc=1
fi
if [ ${#python[@]} -gt 0 ]; then
  timeout 1800 python3 "$root/tests/compat/program.py" "${verbose[@]}" "$build" "$dir" "${python[@]}" || rc=1
fi
if [ -d "$dir/real_logs" ]; then
  timeout 600 python3 "$root/tests/compat/real_logs.py" "${verbose[@]}" "$build" "$dir" || rc=1
fi
exit $rc
