#!/usr/bin/env python3
"""S1 and E2E1: what an event of a recording costs the whole program.

usage: tests/bench/capture.py BUILD_DIR S1|E2E1

A recording of ten million events (EVENTS: another number), of which a third opens a file, is made in a
temporary folder and played: S1 without a rule, so that events are read, parsed and kept account of;
E2E1 with the rules of RULES (default: the stable ones of ../shared/cases). CPU time of the process, least
of five runs, without what a run of hardly any events costs. OTHER, another build directory, is measured
in turn with it. The last line is the id and how many times faster Falco 0.44's figure is beaten.
"""
import os
import subprocess
import sys
import tempfile

FALCO_NS = {"S1": 325, "E2E1": 1164}  # on the same kind of machine, a third opens
RUNS = 5
STABLE = "shared/cases/tree/rules-HEAD/rules/falco_rules.yaml"


def find_rules(root):
    """The official stable rules, beside this tree or the one that it is a worktree of."""
    common = subprocess.run(["git", "-C", root, "rev-parse", "--path-format=absolute",
                             "--git-common-dir"], capture_output=True, text=True, check=False)
    for base in (root + "/..", common.stdout.strip() + "/../.."):
        path = os.path.join(base, STABLE)
        if os.path.exists(path):
            return path
    sys.exit("capture.py: no official rules found: say RULES=FILE")


def make(build, events, folder):
    """A recording: its path and its number of events."""
    path = os.path.join(folder, f"{events}.scap")
    said = subprocess.run([os.path.join(build, "tests/bench/capture"), "mix", str(events), path],
                          check=True, capture_output=True, text=True)
    return path, int(said.stdout.split()[0])


def cpu_s(build, path, rules):
    """CPU seconds of one run, in user mode and in the kernel."""
    args = [os.path.join(build, "gyr"), "replay:" + path, "-r", rules]
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(args, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"capture.py: {' '.join(args)}: exit status {child.returncode}")
    return usage.ru_utime, usage.ru_stime


def main():
    build, which = sys.argv[1], sys.argv[2]
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    builds = [build] + ([os.environ["OTHER"]] if "OTHER" in os.environ else [])
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "none.yaml")
        with open(rules, "w", encoding="utf-8") as f:
            f.write("[]\n")
        if which == "E2E1":
            rules = os.environ.get("RULES") or find_rules(root)
        path, n = make(build, int(os.environ.get("EVENTS", 10_000_000)), folder)
        tiny, _ = make(build, 1, folder)
        for _ in range(RUNS):
            for b in builds:
                idle, took = cpu_s(b, tiny, rules), cpu_s(b, path, rules)
                ns = [max(0, t - i) / n * 1e9 for t, i in zip(took, idle)]
                best[b] = min(best.get(b, ns), ns, key=sum)
    for b in builds:
        user, kernel = best[b]
        print(f"{b}: {user + kernel:.1f} ns an event, of them {kernel:.1f} in the kernel, "
              f"over {n} events")
    if len(builds) > 1:
        print(f"{sum(best[builds[1]]) / sum(best[build]):.2f} times faster than {builds[1]}")
    print(f"{which} {FALCO_NS[which] / sum(best[build]):.1f}")


if __name__ == "__main__":
    main()
