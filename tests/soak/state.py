#!/usr/bin/env python3
"""Memory over many events of system calls: flat, and no allocation once warm.

usage: tests/soak/state.py [BUILD_DIR [EVENTS]]

Recordings with ever new processes are played, one of EVENTS (default ten million) and one of half as
many: the longer one may not need more memory, nor ask for memory more often. In the second kind the end
of many processes is lost, so that they have to be forgotten by age.
"""
import os
import subprocess
import sys
import tempfile

GROWTH_KIB = 1024  # of the peak, from half of the events to all
ALLOCATIONS = 64   # of the threads that do not handle events, in the second half
RULES = "- {rule: none, desc: d, condition: evt.num = 0, output: o, priority: INFO}\n"


def play(build, path, options, folder):
    """Plays a recording: its events, the peak of memory in KiB, the number of allocations."""
    counts = os.path.join(folder, "count")
    rules = os.path.join(folder, "rules.yaml")
    with open(rules, "w", encoding="utf-8") as f:
        f.write(RULES)
    env = dict(os.environ, COUNTALLOC=counts,
               LD_PRELOAD=os.path.join(build, "tests", "libcountalloc.so"))
    args = [os.path.join(build, "gyr"), "replay:" + path, "-r", rules]
    for o in options:
        args += ["-o", o]
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(args, env=env, stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    if child.returncode:
        sys.exit("gyr failed:\n" + text)
    events = next(int(l.split()[0]) for l in text.splitlines() if " events in " in l)
    with open(counts, encoding="utf-8") as f:
        return events, usage.ru_maxrss, int(f.read())


def check(build, kind, n, options):
    """One kind of recording; how many promises it broke."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for events in (n // 2, n):
            path = os.path.join(folder, "events.scap")
            subprocess.run([os.path.join(build, "tests/bench/capture"), kind, str(events), path],
                           check=True, stdout=subprocess.DEVNULL)
            runs.append(play(build, path, options, folder))
            os.unlink(path)
    (few, few_kib, few_allocs), (many, many_kib, many_allocs) = runs
    print(f"{kind}: {few} events: {few_kib} KiB, {few_allocs} allocations; "
          f"{many} events: {many_kib} KiB, {many_allocs} allocations")
    broken = 0
    if many_kib - few_kib > GROWTH_KIB:
        print(f"{kind}: memory grew by {many_kib - few_kib} KiB")
        broken += 1
    if many_allocs - few_allocs > ALLOCATIONS:
        print(f"{kind}: {many_allocs - few_allocs} allocations for {many - few} events")
        broken += 1
    return broken


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
    broken = check(build, "churn", n, [])
    broken += check(build, "lossy", n, ["falco_libs.thread_table_size=256"])
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
