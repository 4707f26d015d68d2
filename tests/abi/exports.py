#!/usr/bin/env python3
"""exports: plugins export the functions of the ABI and nothing else.

In: abi.h, then libraries. Out: one line for each symbol that does not belong; exit 1 if any.
"""
import re
import subprocess
import sys

header = open(sys.argv[1], encoding="utf-8").read()
known = set(re.findall(r"GYR_EXPORT[^;]*?\b((?:plugin|gyr)_\w+)\s*(?:\(|;|\[)", header))
assert len(known) > 40, "abi.h was not understood"

bad = 0
for library in sys.argv[2:]:
    out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    # Instrumented builds add symbols of their run time.
    names = {line.split()[-1] for line in out.splitlines()}
    names = {n for n in names if not n.startswith(("__asan", "__ubsan", "__odr_asan", "__sanitizer",
                                                    "__tsan", "__gcov", "__llvm"))}
    for name in sorted(names - known):
        print(f"{library}: exports '{name}', which is not part of the ABI")
        bad += 1
    if "plugin_get_required_api_version" not in names:
        print(f"{library}: does not say which version of the ABI it wants")
        bad += 1
print(f"exports: {len(sys.argv) - 2} libraries, {len(known)} symbols known, {bad} wrong")
sys.exit(1 if bad else 0)
