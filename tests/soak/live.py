#!/usr/bin/env python3
"""The program on the running kernel, at length: `live.py PROGRAM [--seconds N] [--kills N]`.

While programs are compiled over and over, it has to stay as it is: memory flat, no event lost, and as many
threads in its tables as there are in /proc. Then it is killed and started again, many times, and nothing of
it may stay in the kernel. Needs root and bpftool; half an hour and 100 kills unless told otherwise.
Exit status 0: it held. What was measured is printed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

RULES = """
- rule: secret read
  desc: never
  condition: evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.num >= 0 and
    fd.name startswith /etc/shadow and not proc.name in (sshd)
  output: "%proc.name %proc.aname[2] %fd.name"
  priority: WARNING
- rule: write below bin
  desc: never
  condition: evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and
    fd.num >= 0 and fd.directory in (/bin, /usr/bin)
  output: "%proc.name %fd.name"
  priority: WARNING
- rule: shell of a server
  desc: never
  condition: evt.type in (execve, execveat) and proc.name in (sh, bash) and proc.pname = nginx
  output: "%proc.cmdline"
  priority: WARNING
- rule: connection
  desc: never
  condition: evt.type = connect and fd.sip = 203.0.113.1
  output: "%fd.name"
  priority: WARNING
"""

PROGRAM = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint f(int x){return x+1;}\n"


def rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS:"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def threads_in_proc():
    n = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            n += len(os.listdir(f"/proc/{pid}/task"))
        except OSError:
            pass
    return n


def programs():
    """Ids of the driver's programs that the kernel has, whoever loaded them."""
    said = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True,
                          check=True, timeout=60).stdout
    return {p["id"] for p in json.loads(said or "[]") if p.get("name", "").startswith("x_")}


class Soak:
    def __init__(self, gyr, folder):
        self.gyr, self.dir = gyr, folder
        self.failures = []
        self.rules = self.write("rules.yaml", RULES)
        self.metrics = os.path.join(folder, "metrics.jsonl")

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def check(self, holds, what):
        print(("ok    " if holds else "WRONG ") + what, flush=True)
        if not holds:
            self.failures.append(what)

    def start(self):
        return subprocess.Popen(
            [self.gyr, "syscall:", "-r", self.rules, "-o", "metrics.enabled=true",
             "-o", "metrics.interval=1s", "-o", "metrics.output_file=" + self.metrics],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.dir)

    def sample(self):
        """The last snapshot; {} while there is none."""
        try:
            with open(self.metrics, encoding="utf-8") as f:
                lines = f.read().split("\n")[:-1]
        except FileNotFoundError:
            return {}
        return json.loads(lines[-1])["output_fields"] if lines else {}

    def wait_for(self, claim, what, seconds=60):
        end = time.monotonic() + seconds
        while not claim():
            if time.monotonic() > end:
                self.check(False, what)
                return False
            time.sleep(0.1)
        return True

    def is_up(self):
        return self.sample().get("scap.n_evts", 0) > 0

    def load(self, seconds):
        """Compiles, starts, lists, connects: what a machine that builds does."""
        self.write("a.c", PROGRAM)
        script = ("while :; do cc -O1 -c a.c -o a.$$.o; for i in 1 2 3 4 5 6 7 8; do "
                  "/bin/true; done; find /usr/include -name '*.h' >/dev/null; "
                  "(cat a.c | grep -c f) >/dev/null; done")
        jobs = [subprocess.Popen(["sh", "-c", script], cwd=self.dir, start_new_session=True,
                                 stderr=subprocess.DEVNULL) for _ in range(2)]
        return jobs, time.monotonic() + seconds

    def soak(self, seconds):
        p = self.start()
        if not self.wait_for(self.is_up, "it starts"):
            p.kill()
            return
        jobs, end = self.load(seconds)
        sizes = []
        while time.monotonic() < end and p.poll() is None:
            sizes.append(rss_kb(p.pid))
            time.sleep(min(5, max(seconds / 20, 0.5)))
        for j in jobs:
            os.killpg(j.pid, 9)
            j.wait()
        self.check(p.poll() is None, "it still runs")
        if p.poll() is None:
            self.judge(p, sizes, seconds)
        p.terminate()
        self.check(p.wait(60) == 0, "it ends in order")

    def check_tables(self):
        """A snapshot is of a moment before, and others use the machine, too: one that agrees is enough."""
        def agrees():
            self.threads = self.sample().get("falco.n_threads", 0), threads_in_proc()
            return abs(self.threads[0] - self.threads[1]) <= 20 + self.threads[1] // 20

        if self.wait_for(agrees, "the tables are those of /proc"):
            self.check(True, "the tables are those of /proc: %d threads known, %d there" % self.threads)
        else:
            print("      %d threads known, %d there" % self.threads)

    def judge(self, p, sizes, seconds):
        early, late = max(sizes[len(sizes) // 4:len(sizes) // 2] or sizes), max(sizes[-3:])
        self.check(late <= early * 1.1 + 4096,
                   f"memory is flat: {early} KiB in the first half, {late} KiB at the end")
        self.check_tables()
        s = self.sample()
        events, drops = s.get("scap.n_evts", 0), s.get("scap.n_drops", 0)
        self.check(drops == 0, f"no event is lost: {events} in {seconds} s, {drops} lost")
        for name, n in s.items():
            if name.startswith("scap.n_drops_") and n and not name.endswith("_perc"):
                print(f"      {name}: {n}")
        cpu = cpu_seconds(p.pid)
        print(f"      {cpu:.1f} s of processor time, {cpu / max(events, 1) * 1e6:.2f} us an event")

    def kill(self, times):
        before, seen = programs(), set()
        for _ in range(times):
            if os.path.exists(self.metrics):
                os.remove(self.metrics)
            p = self.start()
            up = self.wait_for(self.is_up, "it starts after it was killed")
            seen |= programs() - before
            p.kill()
            p.wait()
            if not up:
                return
        self.check(len(seen) >= times, f"{len(seen)} programs were loaded in {times} starts")
        if self.wait_for(lambda: not seen & programs(), "programs are left in the kernel"):
            self.check(True, f"nothing is left in the kernel after {times} kills")


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("program")
    a.add_argument("--seconds", type=float, default=1800)
    a.add_argument("--kills", type=int, default=100)
    o = a.parse_args()
    built = os.path.exists(os.path.join(os.path.dirname(os.path.abspath(o.program)), "plugins",
                                        "syscall.so"))
    if os.geteuid() != 0 or not built:
        print("skipped: not root, or built without the driver")
        return 1 if os.environ.get("CI") == "true" else 77
    folder = tempfile.mkdtemp(prefix="gyr-soak-")
    try:
        s = Soak(os.path.abspath(o.program), folder)
        s.soak(o.seconds)
        s.kill(o.kills)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if s.failures else 0


if __name__ == "__main__":
    sys.exit(main())
